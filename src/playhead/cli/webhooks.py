"""`playhead webhooks`: who is told about events, through the server's API."""

from __future__ import annotations

from typing import Annotated, Literal

from cyclopts import App, Parameter

from playhead.cli.given import print_json, say
from playhead.cli.server import server

webhooks = App(name="webhooks", help="Add, list and delete webhooks.")

Switch = Annotated[bool, Parameter(negative=(), show_default=False)]
Given = Annotated[str | None, Parameter(show_default=False)]


@webhooks.command
def add(
    name: str,
    address: str,
    /,
    *,
    format: Literal["standard", "hyperserve"] = "standard",
    events: Given = None,
    json: Switch = False,
    url: Given = None,
    key: Given = None,
) -> None:
    """Have an address told about events, and print the secret that signs what it gets.

    Parameters
    ----------
    name
        To know it by; one of a kind in its project.
    address
        Where to POST to, `https://…`.
    format
        `standard` is Standard Webhooks; `hyperserve` that of Hyperserve.
    events
        Types wanted, such as `video.ready,video.failed`; by default all.
    json
        Print one line of JSON.
    url
        The server; by default that of the settings.
    key
        The API key; by default PLAYHEAD_API_KEY, else the one `playhead serve` keeps in the data folder.
    """
    wanted = [part.strip() for part in events.split(",") if part.strip()] if events is not None else None
    with server(url, key) as client:
        made = client.create_webhook(name, address, format=format, events=wanted)
    if json:
        print_json(made)
    else:
        print(f"{made.id}  {made.name}  {made.url}\nsecret {made.secret}")
        say("Keep the secret: it is not shown again.")


@webhooks.command(name="list")
def list_webhooks(*, json: Switch = False, url: Given = None, key: Given = None) -> None:
    """List the project's webhooks.

    Parameters
    ----------
    json
        Print one line of JSON for each.
    url
        The server; by default that of the settings.
    key
        The API key; by default PLAYHEAD_API_KEY, else the one `playhead serve` keeps in the data folder.
    """
    with server(url, key) as client:
        found = client.webhooks()
    for webhook in found:
        if json:
            print_json(webhook)
        else:
            wanted = ",".join(webhook.events) if webhook.events is not None else "all events"
            print(f"{webhook.id}  {webhook.name}  {webhook.url}  {webhook.format}  {wanted}")
    if not found:
        say("There are no webhooks yet.")


@webhooks.command
def delete(id: str, /, *, url: Given = None, key: Given = None) -> None:
    """Stop telling an address.

    Parameters
    ----------
    id
        As `playhead webhooks list` shows it.
    url
        The server; by default that of the settings.
    key
        The API key; by default PLAYHEAD_API_KEY, else the one `playhead serve` keeps in the data folder.
    """
    with server(url, key) as client:
        client.delete_webhook(id)
    say("Deleted.")
