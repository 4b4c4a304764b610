"""Events told to others: the webhooks, which read the event log and keep trying until each is delivered.

`deliver` is the path: it reads what is owed, lets `standard` or `hyperserve` write the request, has `sender`
send it past `guard`, and asks `schedule` when to try again.
"""
