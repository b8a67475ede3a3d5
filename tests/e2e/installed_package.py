"""The package as a machine gets it: `apt install ./muster_*.deb` in a Debian with nothing else, musterd there as its unit
starts it, removal and purge. It takes some minutes, root, and the Debian mirror of this machine (or of
MUSTER_DEBIAN_MIRROR): label `long`.

Everything happens in namespaces of its own, on a file system in memory: with this program its mounts, its files and its
processes are gone, however it ends. When all is installed the network is left, too, so ports that others have are free."""

import contextlib
import ctypes
import os
import pathlib
import re
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import unittest

from harness import BIN, die_with_parent, run, wait_until

INSIDE = "MUSTER_TEST_CHROOT"
ROOT = pathlib.Path(os.environ.get(INSIDE, "/nonexistent"))
RELEASE = "bookworm"  # what the package is for
NEEDED = ("debootstrap", "cpack", "dpkg-shlibdeps", "unshare", "chroot", "dig", "ip")
CLONE_NEWNET = 0x40000000
SETTINGS = "/etc/muster/musterd.toml"
# What the unit says of the user and of rights.
AS_THE_UNIT = ["setpriv", "--reuid=muster", "--regid=muster", "--init-groups", "--no-new-privs"]
CAPABLE = [f"--{which}=-all,+net_bind_service" for which in ("inh-caps", "ambient-caps", "bounding-set")]


def mirror():
    listed = run("apt-get", "indextargets", "--format", "$(REPO_URI) $(ORIGIN) $(CODENAME) $(COMPONENT)", "Created-By: Packages").out
    found = re.search(rf"(?m)^(\S+) Debian {RELEASE} main$", listed)
    return os.environ.get("MUSTER_DEBIAN_MIRROR") or (found[1] if found else "http://deb.debian.org/debian")


def environment():
    proxy = re.search(r"'(.*)'", run("apt-config", "shell", "proxy", "Acquire::http::Proxy").out)
    return {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL": "C.UTF-8", "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive",
            **({"http_proxy": proxy[1]} if proxy else {name: os.environ[name] for name in ("http_proxy",) if name in os.environ})}


def inside(*words, seconds=60):
    return run("chroot", ROOT, *words, seconds=seconds, env=environment())


def must(*words, seconds=60):
    done = inside(*words, seconds=seconds)
    assert done.status == 0, f"{words}: {done.status}\n{done.out}{done.err}"
    return done.out


def apt(*words):
    """What it prints, its warnings among it. Nothing is left to a question."""
    done = inside("apt", "-y", *words, seconds=600)
    assert done.status == 0, f"apt {words}: {done.status}\n{done.out}{done.err}"
    return done.out + done.err.replace("WARNING: apt does not have a stable CLI interface.", "")


def setUpModule():
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755,size=3g", "muster-chroot", ROOT], check=True)
    made = run("cpack", "--config", BIN.parent / "CPackConfig.cmake", "-B", ROOT / "made", seconds=200)
    assert made.status == 0, made.out + made.err
    (deb,) = (ROOT / "made").glob("muster_*.deb")
    deb = deb.rename(ROOT / deb.name)
    shutil.rmtree(ROOT / "made")
    done = run("debootstrap", "--variant=minbase", RELEASE, ROOT, mirror(), seconds=900, env=os.environ | environment())
    assert done.status == 0, (ROOT / "debootstrap/debootstrap.log").read_text()[-2000:]
    shutil.copy("/etc/resolv.conf", ROOT / "etc/resolv.conf")
    for kind, place in (("proc", "proc"), ("devpts", "dev/pts")):
        subprocess.run(["mount", "-t", kind, kind, ROOT / place], check=True)
    deb.rename(ROOT / "tmp" / deb.name)
    apt("update")
    Installed.told = apt("install", f"./tmp/{deb.name}")
    apt("install", "--no-install-recommends", "man-db", "systemd")  # what looks at it
    assert ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def dig(name, port):
    return run("dig", "@127.0.0.1", "-p", str(port), "+short", "+time=1", "+tries=1", name).out.split()


@contextlib.contextmanager
def serving(*words, port=5300):
    """A musterd as the unit starts it; it ends with 0 when it is told to."""
    with subprocess.Popen(["chroot", ROOT, *AS_THE_UNIT, *CAPABLE, "/usr/sbin/musterd", "--config", SETTINGS, *words],
                          env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, umask=0o077,
                          preexec_fn=die_with_parent) as musterd:
        try:
            wait_until("musterd serves", lambda: musterd.poll() is not None or dig("ns1.svc.internal", port))
            assert musterd.poll() is None, musterd.stdout.read()
            yield musterd
            musterd.send_signal(signal.SIGTERM)
            assert musterd.wait(30) == 0, musterd.stdout.read()
        finally:
            musterd.kill()


def owner_and_mode(place):
    """As `ls -l` of the chroot would show it."""
    about = (ROOT / place.lstrip("/")).lstat()
    users = {int(row.split(":")[2]): row.split(":")[0] for row in (ROOT / "etc/passwd").read_text().splitlines()}
    groups = {int(row.split(":")[2]): row.split(":")[0] for row in (ROOT / "etc/group").read_text().splitlines()}
    return f"{users[about.st_uid]}:{groups[about.st_gid]} {stat.S_IMODE(about.st_mode):o}"


def enabled():
    return sorted(link.name for link in (ROOT / "etc/systemd/system").rglob("muster*.service"))


class Installed(unittest.TestCase):
    told = ""

    def test_apt_and_dpkg_have_no_complaint(self):
        self.assertNotRegex(self.told, r"(?im)^[EWN]: |warning|error|not found|cannot")
        self.assertIn("Setting up muster (", self.told)
        for words in (("dpkg", "--audit"), ("dpkg", "--verify", "muster")):
            self.assertEqual(must(*words), "")
        must("apt-get", "check")

    def test_the_user(self):
        name, _, uid, _, _, home, shell = must("getent", "passwd", "muster").strip().split(":")
        self.assertEqual((name, home, shell), ("muster", "/var/lib/muster", "/usr/sbin/nologin"))
        self.assertLess(int(uid), 1000, "a system user")
        self.assertEqual(must("id", "-Gn", "muster").split(), ["muster"], "no other group")

    def test_whose_files_are_whose(self):
        self.assertEqual(owner_and_mode("/var/lib/muster"), "muster:muster 700")
        for place in must("dpkg", "-L", "muster").splitlines():
            path = ROOT / place.lstrip("/")
            if place == "/." or path.is_symlink():
                continue
            with self.subTest(place):
                runs = path.is_dir() or re.fullmatch(r"/usr/s?bin/musterd?", place)
                self.assertEqual(owner_and_mode(place), f"root:root {'755' if runs else '644'}")

    def test_musterd_alone_is_enabled(self):
        self.assertEqual(enabled(), ["musterd.service"])

    def test_its_configuration_is_good_for_whoever_looks(self):
        for who in ([], ["setpriv", "--reuid=muster", "--regid=muster", "--init-groups"]):
            told = inside(*who, "musterd", "--check-config", SETTINGS)
            self.assertEqual((told.status, told.err), (0, ""), who)

    def test_it_serves_as_its_user_and_goes_on_with_its_store(self):
        with serving() as musterd:
            self.assertEqual(pathlib.Path(f"/proc/{musterd.pid}").stat().st_uid, int(must("id", "-u", "muster")))
            must("muster", "register", "web", "127.0.0.9:8080", "--id", "i1", "--lease", "10m")
            self.assertEqual(dig("web.svc.internal", 5300), ["127.0.0.9"])
        self.assertEqual(owner_and_mode("/var/lib/muster/muster.db"), "muster:muster 600")
        with serving():
            self.assertEqual(dig("web.svc.internal", 5300), ["127.0.0.9"])

    def test_the_capability_is_what_opens_port_53(self):
        at_53 = '--set=dns.listen=["127.0.0.1:53"]'
        with serving(at_53, port=53):
            self.assertTrue(dig("ns1.svc.internal", 53))
        refused = inside(*AS_THE_UNIT, "musterd", "--config", SETTINGS, at_53)
        self.assertNotEqual(refused.status, 0)
        self.assertIn("127.0.0.1:53", refused.out + refused.err)

    def test_the_man_pages_are_found_and_print(self):
        for page, section in (("musterd.toml", 5), ("musterd", 8), ("muster", 1)):
            with self.subTest(page):
                self.assertEqual(must("man", "-w", page), f"/usr/share/man/man{section}/{page}.{section}.gz\n")
                printed = inside("man", "--warnings", page)
                self.assertEqual((printed.status, printed.err), (0, ""))
                self.assertRegex(printed.out, rf"(?i)^{page}\({section}\)")
                self.assertGreater(len(printed.out.splitlines()), 20)

    def test_the_units_are_good_and_leave_little_open(self):
        for unit in ("musterd.service", "muster-haproxy.service"):
            told = inside("systemd-analyze", "verify", unit)
            self.assertEqual((told.status, told.out, told.err), (0, "", ""), unit)
        told = must("systemd-analyze", "security", "--no-pager", "--offline=yes", "musterd.service")
        self.assertLessEqual(float(re.search(r"Overall exposure level for \S+: ([\d.]+)", told)[1]), 2.0, told)


class Removed(unittest.TestCase):
    def left(self, *test):
        """Of what the chroot has in itself, but for the package and the pages that man has kept printed."""
        found = must("find", "/", "-xdev", *test).splitlines()
        return sorted(place for place in found if place != f"/tmp/{self.deb.name}" and not place.startswith("/var/cache/man/"))

    def test_a_removal_keeps_and_a_purge_takes_all(self):
        (self.deb,) = (ROOT / "tmp").glob("muster_*.deb")
        with serving():
            must("muster", "register", "kept", "127.0.0.8:80", "--lease", "10m")

        apt("remove", "muster")
        self.assertEqual(owner_and_mode(SETTINGS), "root:root 644")
        self.assertEqual(owner_and_mode("/var/lib/muster/muster.db"), "muster:muster 600")
        for program in ("usr/sbin/musterd", "usr/bin/muster"):
            self.assertFalse((ROOT / program).exists())

        apt("install", f"./tmp/{self.deb.name}")
        for unit in (ROOT / "etc/systemd/system").glob("muster*.service"):
            self.assertNotEqual(os.readlink(unit), "/dev/null", "masked")
        with serving():
            self.assertEqual(dig("kept.svc.internal", 5300), ["127.0.0.8"])

        self.assertNotRegex(apt("purge", "muster"), r"(?im)^[EWN]: |warning|error|not empty")
        self.assertEqual(self.left("-name", "*muster*"), [])
        self.assertEqual(self.left("-user", "muster"), [])
        self.assertEqual(self.left("-nouser"), [])
        self.assertNotEqual(inside("dpkg-query", "-W", "muster").status, 0)
        must("getent", "passwd", "muster")  # stays, so that nobody else gets its number


def leave_out(why):
    print(f"left out: the package in a chroot: {why}")
    raise SystemExit(0)


def enter():
    """Runs this program once more, inside."""
    missing = [tool for tool in NEEDED if not shutil.which(tool)]
    if missing:
        leave_out(f"not installed: {', '.join(missing)} (Debian: debootstrap, cmake, dpkg-dev, util-linux, bind9-dnsutils, iproute2)")
    if os.getuid() != 0:
        leave_out("only root can make one")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory(prefix="muster-chroot-") as folder:
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        done = subprocess.run([*apart, sys.executable, "-B", *sys.argv], env=os.environ | {INSIDE: folder}, check=False, preexec_fn=die_with_parent)
    raise SystemExit(done.returncode)


if __name__ == "__main__":
    if INSIDE not in os.environ:
        enter()
    unittest.main()
