"""Doors to the API server and the database where the k-th request comes to grief."""

import http.client
import http.server
import json
import select
import socket
import socketserver
import struct
import threading


class Strike:
    """Which request is struck, and how. All doors of one command share it."""

    def __init__(self, fault=None, at=0, restart=None):
        self.fault, self.at, self.restart = fault, at, restart
        self.count, self.lock, self.process, self.struck = 0, threading.Lock(), None, None
        self.under_way, self.idle = 0, threading.Condition(self.lock)

    def begin(self, what):
        """Counts a request; returns what is to happen to it."""
        with self.lock:
            self.under_way += 1
            self.count += 1
            if self.fault is None or self.count != self.at:
                return None
            self.struck = what
            return self.fault

    def end(self):
        with self.lock:
            self.under_way -= 1
            self.idle.notify_all()

    def settle(self):
        """Waits until the server has answered all that a dead client asked for."""
        with self.lock:
            self.idle.wait_for(lambda: self.under_way == 0, timeout=30)

    def kill(self):
        self.process.kill()
        self.process.wait()


def cut(connection):
    """Closes a connection with a reset."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


class Door:
    """A server of its own for one command."""

    def __init__(self, kind, handler):
        class Threads(socketserver.ThreadingMixIn, kind):
            daemon_threads = True
            request_queue_size = 64

            def handle_error(self, *_):
                pass

        self.server = Threads(("127.0.0.1", 0), handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


def api_door(server, strike):
    """A door to the API server."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True
        wbufsize = -1
        upstream = None

        def log_message(self, *_):
            pass

        def handle(self):
            try:
                super().handle()
            except (http.client.HTTPException, OSError):
                pass
            finally:
                if self.upstream:
                    self.upstream.close()

        def answer(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            fault = strike.begin(f"{self.command} {self.path.split('?')[0]}")
            try:
                response = self.meet(fault, body)
            finally:
                strike.end()
            if response:
                self.pass_on(response)

        do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = answer

        def meet(self, fault, body):
            if fault == "kill-before":
                strike.kill()
                return self.drop()
            if fault == "reset":
                return self.drop()
            if fault in ("429", "500"):
                return self.refuse(int(fault))
            if fault == "restart":
                strike.restart()
                return self.drop()
            try:
                response = self.forward(body)
            except (http.client.HTTPException, OSError):
                # The API server is away.
                return self.drop()
            if fault:
                response.read()
                if fault == "kill-after":
                    strike.kill()
                return self.drop()
            return response

        def forward(self, body):
            if self.upstream is None:
                self.upstream = server.connect()
            headers = {
                key: value for key, value in self.headers.items()
                if key.lower() not in ("host", "connection", "accept-encoding")
            }
            try:
                self.upstream.request(self.command, self.path, body, {**headers, **server.headers})
                return self.upstream.getresponse()
            except (http.client.HTTPException, OSError):
                self.upstream.close()
                self.upstream = None
                raise

        def pass_on(self, response):
            self.send_response_only(response.status)
            for key, value in response.getheaders():
                if key.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(key, value)
            chunked = response.getheader("Content-Length") is None
            if chunked:
                self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                while chunk := response.read1(65536):
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(chunk), chunk) if chunked else chunk)
                    self.wfile.flush()
                if chunked:
                    self.wfile.write(b"0\r\n\r\n")
                self.wfile.flush()
                # Read to its end it still counts as open.
                response.close()
            except (http.client.HTTPException, OSError):
                # A watch that its client has left, or an API server that went away.
                self.upstream.close()
                self.upstream = None
                self.drop()

        def drop(self):
            self.close_connection = True
            cut(self.connection)

        def refuse(self, code):
            status = {
                "kind": "Status", "apiVersion": "v1", "status": "Failure", "code": code,
                "message": "the test says no",
                "reason": "TooManyRequests" if code == 429 else "InternalError",
            }
            text = json.dumps(status).encode()
            self.send_response_only(code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text)))
            if code == 429:
                self.send_header("Retry-After", "1")
            self.end_headers()
            self.wfile.write(text)

    return Door(http.server.HTTPServer, Handler)


def database_door(database, strike):
    """A door to the database, where each piece that the client sends counts as a request."""

    class Handler(socketserver.BaseRequestHandler):
        def handle(self):
            upstream = database.connect()
            ends = {self.request: upstream, upstream: self.request}
            try:
                while True:
                    for end in select.select(list(ends), [], [])[0]:
                        piece = end.recv(1 << 20)
                        fault = end is self.request and piece and self.count(piece, upstream)
                        if fault or not piece:
                            return
                        ends[end].sendall(piece)
            except OSError:
                pass
            finally:
                upstream.close()

        def count(self, piece, upstream):
            """Returns whether the fault has come."""
            fault = strike.begin("a message to the database")
            try:
                if fault and fault.endswith("-after"):
                    upstream.sendall(piece)
                    upstream.recv(1 << 20)
                if fault and fault.startswith("kill"):
                    strike.kill()
                if fault:
                    cut(self.request)
                return fault is not None
            finally:
                strike.end()

    return Door(socketserver.TCPServer, Handler)
