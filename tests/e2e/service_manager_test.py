"""What musterd tells the service manager (sd_notify), heard at a real datagram socket: from READY=1 to STOPPING=1, and
WATCHDOG=1 as long as the control loop ticks, but not when its thread alone is held."""

import ctypes
import os
import re
import signal
import socket
import time
import unittest

from harness import ADDRESS, EndToEnd, wait_until

PTRACE_ATTACH, PTRACE_DETACH = 16, 17
ALL_THREADS = 0x40000000  # __WALL of waitpid: those that are no process, too
WATCHDOG_SECONDS = 1


class Manager:
    """The socket of a service manager, and all that came there: (monotonic time, message)."""

    def __init__(self, address):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(address.replace("@", "\0", 1) if address.startswith("@") else address)
        self.socket.setblocking(False)
        self.heard = []

    def messages(self):
        while True:
            try:
                self.heard.append((time.monotonic(), self.socket.recv(4096).decode()))
            except BlockingIOError:
                return [message for _, message in self.heard]

    def told(self, begin, times=1):
        """Waits for so many messages that begin with these words; the last of them."""
        def found():
            matching = [message for message in self.messages() if message.startswith(begin)]
            return len(matching) >= times and matching[-1]
        return wait_until(f"{begin}, {times} times", found)


def most_wakeful_thread(pid):
    """The control thread of an idle musterd: it alone wakes every 10 ms."""
    def switches():
        found = {}
        for task in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{task}/status", encoding="ascii") as status:
                found[int(task)] = int(re.search(r"(?m)^voluntary_ctxt_switches:\s+(\d+)", status.read())[1])
        return found
    before = switches()
    time.sleep(1)
    return max((count - before.get(task, count), task) for task, count in switches().items())[1]


class Held:
    """One thread stands still, the others go on: what a debugger does to it."""

    def __init__(self, task):
        self.task = task
        self.ptrace = ctypes.CDLL(None, use_errno=True).ptrace
        self.ptrace.argtypes = [ctypes.c_long, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p]

    def __enter__(self):
        if self.ptrace(PTRACE_ATTACH, self.task, None, None) != 0:
            raise unittest.SkipTest(f"no thread can be held here: {os.strerror(ctypes.get_errno())}")
        os.waitpid(self.task, ALL_THREADS)

    def __exit__(self, *_):
        self.ptrace(PTRACE_DETACH, self.task, None, None)


class ServiceManager(EndToEnd):
    def manager(self, address):
        manager = Manager(address)
        self.addCleanup(manager.socket.close)
        return manager

    def started(self, address, **more):
        return self.start(store="memory", env=os.environ | {"NOTIFY_SOCKET": address} | more)

    def addresses(self):
        return str(self.folder / "notify"), f"@muster-e2e-{os.getpid()}"

    def test_from_its_start_to_its_stop(self):
        for address in self.addresses():
            with self.subTest(address):
                manager = self.manager(address)
                server = self.started(address)
                ready = manager.told("READY=1\n")
                self.assertEqual(ready, f"READY=1\nSTATUS=serving DNS on {ADDRESS}:{server.dns[1]}, HTTP on {ADDRESS}:{server.http[1]}")
                before = time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000
                server.signal(signal.SIGHUP)
                manager.told("READY=1\n", 2)
                self.assertEqual(server.api("POST", "/api/v1/reload", {}).status, 200)
                manager.told("READY=1\n", 3)
                self.assertEqual(server.stop(), 0)
                heard = manager.messages()
                self.assertEqual([message.split("=")[0] for message in heard],
                                 ["STATUS", "READY", "RELOADING", "READY", "RELOADING", "READY", "STOPPING"])
                at = [int(re.fullmatch(r"RELOADING=1\nMONOTONIC_USEC=(\d+)", heard[place])[1]) for place in (2, 4)]
                self.assertTrue(before <= at[0] < at[1] <= time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000, at)

    def test_a_reload_that_is_refused_is_the_status(self):
        address = self.addresses()[0]
        manager = self.manager(address)
        server = self.started(address)
        self.configuration("[colour]\n", store="memory")
        server.signal(signal.SIGHUP)
        self.assertRegex(manager.told("READY=1\n", 2), r"; a reload was refused: \S+musterd\.toml:\d+:\d+: .*colour")

    def test_the_watchdog_hears_of_a_control_loop_that_ticks(self):
        address = self.addresses()[0]
        manager = self.manager(address)
        server = self.started(address, WATCHDOG_USEC=str(WATCHDOG_SECONDS * 1_000_000))
        manager.told("WATCHDOG=1", 5)
        times = [when for when, message in manager.heard if message == "WATCHDOG=1"]
        self.assertGreater(times[-1] - times[0], WATCHDOG_SECONDS, "every half of the time, no oftener")
        with Held(most_wakeful_thread(server.child.pid)):
            wait_until("the control loop is missed", lambda: server.api("GET", "/healthz").status == 503)
            wait_until("and in the log", lambda: "control_hangs" in server.err)
            manager.messages()
            before = len(manager.heard)
            time.sleep(3 * WATCHDOG_SECONDS)
            self.assertEqual(manager.messages()[before:], [], "the other threads run, and say nothing")
            self.assertEqual(server.dig("svc.internal", "SOA").status, "NOERROR")
        manager.told("WATCHDOG=1", len(manager.heard) + 1 - sum(message != "WATCHDOG=1" for _, message in manager.heard))
        self.assertEqual(server.stop(), 0)

    def test_the_watchdog_of_another_process_is_not_fed(self):
        address = self.addresses()[0]
        manager = self.manager(address)
        server = self.started(address, WATCHDOG_USEC="100000", WATCHDOG_PID="1")
        manager.told("READY=1")
        time.sleep(1)
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("WATCHDOG=1", manager.messages())

    def test_nobody_listens(self):
        server = self.started(self.addresses()[0])
        self.assertRegex(server.err, r"warning +service_manager .*READY=1")
        self.assertEqual(server.dig("svc.internal", "SOA").status, "NOERROR")
        self.assertEqual(server.stop(), 0)

    def test_nothing_is_said_without_a_manager(self):
        server = self.start(store="memory", env={key: value for key, value in os.environ.items() if key != "NOTIFY_SOCKET"})
        self.assertEqual(server.stop(), 0)
        self.assertNotIn("service_manager", server.err)


if __name__ == "__main__":
    unittest.main()
