"""Delivery: the built-in origin. It serves stored objects over HTTP, to players or to a CDN in front.

`names` reads what a URL asks for, `access` judges its token, `conditions` and `ranges` are RFC 9110, `cache`
says who may keep the answer, `headers` guards it, `answer` sends it; `origin` is the path through them.
"""
