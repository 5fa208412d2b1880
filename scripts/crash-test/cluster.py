"""The API server that a kubeconfig names, and the database of the SQL driver."""

import base64
import http.client
import json
import os
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading

TIMEOUT = 300


class Server:
    """An API server."""

    def __init__(self, kubectl, kubeconfig):
        view = subprocess.run(
            [kubectl, "--kubeconfig", kubeconfig, "config", "view", "--raw", "--minify", "-o", "json"],
            check=True, capture_output=True, text=True,
        )
        config = json.loads(view.stdout)
        cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
        address = cluster["server"].removeprefix("https://").rstrip("/")
        self.host, port = address.rsplit(":", 1)
        self.port = int(port)
        self.context = ssl.create_default_context(cadata=self.pem(cluster, "certificate-authority"))
        self.local = threading.local()
        self.headers = {}
        if "token" in user:
            self.headers["Authorization"] = "Bearer " + user["token"]
        else:
            with tempfile.TemporaryDirectory() as folder:
                files = []
                for name in ("client-certificate", "client-key"):
                    path = os.path.join(folder, name)
                    pathlib.Path(path).write_text(self.pem(user, name))
                    files.append(path)
                self.context.load_cert_chain(*files)

    @staticmethod
    def pem(entry, name):
        if name + "-data" in entry:
            return base64.b64decode(entry[name + "-data"]).decode()
        return pathlib.Path(entry[name]).read_text()

    def connect(self):
        connection = http.client.HTTPSConnection(
            self.host, self.port, context=self.context, timeout=TIMEOUT
        )
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return connection

    def request(self, method, path, body=None, known=()):
        """The answer to a request; codes in `known` count as no answer."""
        text = None if body is None else json.dumps(body)
        headers = {"Content-Type": "application/json", **self.headers}
        for last in (False, True):
            try:
                if not getattr(self.local, "connection", None):
                    self.local.connection = self.connect()
                self.local.connection.request(method, path, text, headers)
                response = self.local.connection.getresponse()
                answer = response.read()
                break
            except (OSError, http.client.HTTPException):
                # The server closes what is idle, and may have been started anew.
                if self.local.connection:
                    self.local.connection.close()
                self.local.connection = None
                if last:
                    raise
        if response.status >= 400:
            if response.status in known:
                return None
            raise RuntimeError(f"{method} {path}: {response.status} {answer.decode()}")
        return json.loads(answer)

    def items(self, path):
        answer = self.request("GET", path, known=(404,))
        return answer["items"] if answer else []


class Database:
    """The database that the SQL driver keeps records in."""

    def __init__(self, address):
        self.address = address
        host, port = address.split("@")[1].split("/")[0].split(":")
        self.host, self.port = host, int(port)

    def query(self, text):
        """The rows of a query, as JSON."""
        wrapped = f"SELECT coalesce(json_agg(t), '[]') FROM ({text}) t"
        return json.loads(self.run(wrapped))

    def run(self, text):
        result = subprocess.run(
            ["psql", self.address, "-XAtqc", text], capture_output=True, text=True, timeout=TIMEOUT
        )
        if result.returncode:
            raise RuntimeError(result.stderr)
        return result.stdout

    def connect(self):
        return socket.create_connection((self.host, self.port), timeout=TIMEOUT)
