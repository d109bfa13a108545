#!/usr/bin/env python3
"""An LwM2M device over OSCORE that shares no code with strapd: aiocoap's client, server and RFC 8613.

Asks for its bootstrap, takes what the server deletes and writes, and prints what it holds at Finish,
payloads as they came. Every message in both directions has to be protected: what is not is counted and
fails the run. Exit 0: bootstrapped so.

    oscore_device.py --server 127.0.0.1:5783 --endpoint dev-1 --secret HEX --sender-id HEX --recipient-id HEX
                     [--salt HEX] [--id-context HEX] [--algorithm NAME] [--state DIR] [--repeat N] [--plain]
"""

import argparse
import asyncio
import json
import os
import sys
import tempfile

import aiocoap
from aiocoap import oscore, resource
from aiocoap.credentials import CredentialsMap
from aiocoap.oscore_sitewrapper import OscoreSiteWrapper


class Device(resource.Resource, resource.PathCapable):
    """Objects by path, as they were written; enough of the bootstrap interface for one session."""

    def __init__(self):
        super().__init__()
        self.held = {}
        self.unprotected = 0
        self.finished = asyncio.Event()

    async def needs_blockwise_assembly(self, request):
        return True

    async def render(self, request):
        path = "/" + "/".join(request.opt.uri_path)
        if type(request.remote).__name__ != "OSCOREAddress":
            self.unprotected += 1
            return aiocoap.Message(code=aiocoap.UNAUTHORIZED)
        if request.code is aiocoap.DELETE:
            self.held = {p: v for p, v in self.held.items() if path != "/" and not (p + "/").startswith(path + "/")}
            return aiocoap.Message(code=aiocoap.DELETED)
        if request.code is aiocoap.PUT:
            self.held[path] = [request.opt.content_format, request.payload.hex()]
            return aiocoap.Message(code=aiocoap.CHANGED)
        if request.code is aiocoap.GET:
            links = ",".join(f"<{p}>" for p in ["/0/0", "/3/0", *sorted(self.held)])
            return aiocoap.Message(code=aiocoap.CONTENT, content_format=40, payload=f'</>;lwm2m="1.1",{links}'.encode())
        if request.code is aiocoap.POST and path == "/bs":
            self.finished.set()
            return aiocoap.Message(code=aiocoap.CHANGED)
        return aiocoap.Message(code=aiocoap.METHOD_NOT_ALLOWED)


def security_context(args, folder):
    settings = {"secret_hex": args.secret, "sender-id_hex": args.sender_id, "recipient-id_hex": args.recipient_id}
    if args.salt:
        settings["salt_hex"] = args.salt
    if args.id_context:
        settings["id-context_hex"] = args.id_context
    if args.algorithm:
        settings["algorithm"] = args.algorithm
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "settings.json"), "w") as f:
        json.dump(settings, f)
    return oscore.FilesystemSecurityContext(folder)


async def bootstrap(args, context, device):
    device.finished.clear()
    request = aiocoap.Message(code=aiocoap.POST, uri=f"{args.scheme}://{args.server}/bs?ep={args.endpoint}")
    response = await asyncio.wait_for(context.request(request).response, args.timeout)
    protected = type(response.remote).__name__ == "OSCOREAddress"
    print(f"bootstrap-request: {response.code}{'' if protected else ' (not protected)'} "
          f"{response.payload.decode(errors='replace')}", file=sys.stderr)
    if response.code is not aiocoap.CHANGED:
        return False
    await asyncio.wait_for(device.finished.wait(), args.timeout)
    return protected


async def main(args):
    device = Device()
    with tempfile.TemporaryDirectory() as scratch:
        keys = None if args.plain else security_context(args, args.state or os.path.join(scratch, "context"))
        credentials = CredentialsMap()
        if keys is not None:
            credentials[":device"] = keys
        context = await aiocoap.Context.create_server_context(OscoreSiteWrapper(device, credentials), bind=(args.bind, args.port))
        if keys is not None:
            context.client_credentials[f"{args.scheme}://{args.server}/*"] = keys
        good = True
        for _ in range(args.repeat):
            try:
                good = good and await bootstrap(args, context, device)
            except (asyncio.TimeoutError, aiocoap.error.Error) as e:
                print(f"{type(e).__name__}: {e}", file=sys.stderr)
                good = False
        await asyncio.sleep(0.3)    # the answer to Finish has to leave
        await context.shutdown()
        if keys is not None:
            keys._destroy()         # writes its numbers, while the folder is there
    for path, (content_format, payload) in sorted(device.held.items()):
        print(f"holds {path} {int(content_format)} {payload}")
    print(f"bootstrapped {args.repeat} times" if good else "not bootstrapped")
    print(f"unprotected {device.unprotected}")
    return 0 if good and device.unprotected == 0 else 1


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--server", required=True)
    p.add_argument("--scheme", default="coap", help="coap or coap+tcp")
    p.add_argument("--endpoint", required=True)
    p.add_argument("--secret", default="")
    p.add_argument("--sender-id", default="")
    p.add_argument("--recipient-id", default="")
    p.add_argument("--salt")
    p.add_argument("--id-context")
    p.add_argument("--algorithm")
    p.add_argument("--state", help="folder of the context, kept over runs")
    p.add_argument("--bind", default="127.0.0.1")
    p.add_argument("--port", type=int, default=0)
    p.add_argument("--repeat", type=int, default=1)
    p.add_argument("--timeout", type=float, default=20)
    p.add_argument("--plain", action="store_true", help="without OSCORE: has to be refused")
    sys.exit(asyncio.run(main(p.parse_args())))
