"""HTTP servers that say their address, for proxies that are to find them."""

import contextlib
import http.server
import socket
import threading
import urllib.error
import urllib.request

DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True


def serve(test, address, port):
    """Until the test ends."""

    class Says(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(address.encode())

        def log_message(self, *_):
            pass

    class Here(Server):
        address_family = socket.AF_INET6 if ":" in address else socket.AF_INET

    server = Here((address, port), Says)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    test.addCleanup(server.server_close)
    test.addCleanup(server.shutdown)


def get(url, host=None):
    """(status, body); None where nobody answers."""
    request = urllib.request.Request(url, headers={"Host": host} if host else {})
    with contextlib.suppress(OSError):
        try:
            with DIRECT.open(request, timeout=10) as reply:
                return reply.status, reply.read().decode()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode()
    return None
