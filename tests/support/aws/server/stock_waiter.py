"""Waits with a stock waiter of boto3, in the world's time: each of its pauses lets the world's time go on by so much.

The only argument is JSON: endpoint, control (address of the server itself), region, service, waiter, parameters. Prints
JSON: calls (requests sent), waitedMs (the world's time), outcome ("done", or why it gave up)."""

import json
import sys
import urllib.request

import boto3
import botocore.waiter
from botocore.exceptions import WaiterError


def ask(control: str, name: str, body: dict[str, object]) -> dict[str, float]:
    request = urllib.request.Request(f"{control}/world/{name}", json.dumps(body).encode(), method="POST")
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request) as answer:
        return json.loads(answer.read())


class WorldTime:
    """In place of the module `time` in botocore's waiters."""

    def __init__(self, control: str) -> None:
        self.control = control

    def sleep(self, seconds: float) -> None:
        ask(self.control, "advance", {"ms": seconds * 1000})


def main() -> None:
    given = json.loads(sys.argv[1])
    calls = 0

    def count(**_: object) -> None:
        nonlocal calls
        calls += 1

    client = boto3.client(
        given["service"],
        endpoint_url=given["endpoint"],
        region_name=given["region"],
        aws_access_key_id="AKIATESTWORLD0000000",
        aws_secret_access_key="a-secret-of-the-test-world",
    )
    client.meta.events.register("before-send", count)
    botocore.waiter.time = WorldTime(given["control"])
    begun = ask(given["control"], "now", {})["now"]
    outcome = "done"
    try:
        client.get_waiter(given["waiter"]).wait(**given["parameters"])
    except WaiterError as error:
        outcome = str(error)
    waited = ask(given["control"], "now", {})["now"] - begun
    print(json.dumps({"calls": calls, "waitedMs": waited, "outcome": outcome}))


if __name__ == "__main__":
    main()
