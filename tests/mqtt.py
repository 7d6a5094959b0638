# A real Mosquitto on a port of its own, and a small MQTT 3.1.1 client that publishes with QoS 1.
import os
import shutil
import socket
import struct
import subprocess
import time

import cityloom


def broker_program():
    for path in ("/usr/sbin/mosquitto", shutil.which("mosquitto") or ""):
        if path and os.access(path, os.X_OK):
            return path
    raise cityloom.Skip("mosquitto is not installed")


class Broker:
    """Mosquitto in a folder of its own; can be ended and started again on the same port."""

    def __init__(self, folder):
        self.port = cityloom.free_port()
        self.config = os.path.join(folder, "mosquitto.conf")
        with open(self.config, "w") as f:
            f.write(f"listener {self.port} 127.0.0.1\nallow_anonymous true\npersistence true\n"
                    f"persistence_location {folder}/\nmax_queued_messages 0\nlog_type error\nlog_type warning\n")
        os.chmod(folder, 0o777)  # Mosquitto started by root goes on as another user.
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen([broker_program(), "-c", self.config], stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        cityloom.wait_until("the broker listens", self._listens, 10)

    def _listens(self):
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
            return True
        except OSError:
            return False

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop()


class Publisher:
    """Publishes with QoS 1 and a window of messages that are not yet acknowledged."""

    def __init__(self, port, window=100):
        self.socket = socket.create_connection(("127.0.0.1", port), 10)
        self.window, self.waiting, self.next_id, self.buffer = window, 0, 1, b""
        name = f"test-{os.getpid()}-{time.monotonic_ns()}".encode()
        self._send(0x10, struct.pack(">H", 4) + b"MQTT" + bytes([4, 2]) + struct.pack(">HH", 60, len(name)) + name)
        kind, _ = self._packet()
        cityloom.expect_equal(kind, 0x20, "CONNACK")

    @staticmethod
    def _length(number):
        out = b""
        while True:
            number, digit = divmod(number, 128)
            out += bytes([digit | (0x80 if number else 0)])
            if not number:
                return out

    def _send(self, kind, body):
        self.socket.sendall(bytes([kind]) + self._length(len(body)) + body)

    def _more(self):
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the broker closed the connection")
        self.buffer += piece

    def _packet(self):
        while len(self.buffer) < 2 or len(self.buffer) < 2 + self.buffer[1]:
            self._more()
        length = self.buffer[1]  # Acknowledgements are short: one byte of length.
        kind, body = self.buffer[0] & 0xF0, self.buffer[2:2 + length]
        self.buffer = self.buffer[2 + length:]
        return kind, body

    def publish(self, topic, payload):
        topic, payload = topic.encode(), payload if isinstance(payload, bytes) else payload.encode()
        self._send(0x32, struct.pack(">H", len(topic)) + topic + struct.pack(">H", self.next_id) + payload)
        self.next_id = self.next_id % 65535 + 1
        self.waiting += 1
        while self.waiting >= self.window:
            self.wait_one()

    def wait_one(self):
        kind, _ = self._packet()
        self.waiting -= kind == 0x40

    def finish(self):
        """Waits until the broker has everything."""
        while self.waiting:
            self.wait_one()
        self._send(0xE0, b"")
        self.socket.close()
