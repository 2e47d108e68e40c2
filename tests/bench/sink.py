"""A stand-in for the vendor: answers every call with Success, cheaply, so that it does not distort the bench."""

import base64
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

# The size of the vendor's best frames.
FRAME = b"\xff\xd8\xff" + os.urandom(100_000)
SUCCESS = json.dumps(
    {
        "Response": {
            "Result": "Success",
            "Description": "Success",
            "Sim": 92.5,
            "BestFrameBase64": base64.b64encode(FRAME).decode(),
            "RequestId": "6a2d2b6e-4b6c-4a3c-9f5e-0f4a9f0f2f3c",
        }
    }
).encode()


class Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        left, buffer = int(self.headers["Content-Length"]), memoryview(bytearray(64 * 1024))
        while left:
            left -= self.rfile.readinto(buffer[:left])
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(SUCCESS)))
        self.end_headers()
        self.wfile.write(SUCCESS)

    def log_message(self, *_: object) -> None:
        """Logs nothing."""


if __name__ == "__main__":
    with ThreadingHTTPServer(("127.0.0.1", 0), Sink) as server:
        print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
        server.serve_forever()
