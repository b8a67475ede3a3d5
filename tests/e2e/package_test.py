"""The Debian package, made of the programs under test: what is in it, that the musterd of it serves with the configuration
of it, and what its scripts do, with stand-ins for the commands that would change this machine."""

import gzip
import os
import pathlib
import pwd
import re
import shutil
import tempfile
import unittest

from harness import ADDRESS, BIN, SOURCE, EndToEnd, Musterd, run

BUILD = BIN.parent
PAGE = SOURCE / "docs/howto/package.md"
CHANGELOG = SOURCE / "tools/debian/changelog"
NEEDED = ("cpack", "dpkg-deb", "dpkg-shlibdeps", "dpkg-parsechangelog")
MISSING = [tool for tool in NEEDED if not shutil.which(tool)]
SCRIPTS = ("postinst", "prerm", "postrm")


@unittest.skipIf(MISSING, f"not installed: {', '.join(MISSING)} (Debian: cmake, dpkg-dev)")
class Package(EndToEnd):
    @classmethod
    def setUpClass(cls):
        cls.work = pathlib.Path(tempfile.mkdtemp(prefix="muster-package-"))
        cls.addClassCleanup(shutil.rmtree, cls.work)
        made = run("sh", "-c", 'umask 077 && exec cpack "$@"', "cpack", "--config", BUILD / "CPackConfig.cmake", "-B", cls.work / "made", seconds=200)
        assert made.status == 0, made.out + made.err
        (cls.deb,) = (cls.work / "made").glob("*.deb")
        cls.root, cls.control = cls.work / "root", cls.work / "control"
        assert run("dpkg-deb", "-x", cls.deb, cls.root).status == 0
        assert run("dpkg-deb", "-e", cls.deb, cls.control).status == 0

    def field(self, name):
        return run("dpkg-deb", "-f", self.deb, name).out.strip()

    def files(self):
        return sorted("/" + str(path.relative_to(self.root)) for path in self.root.rglob("*") if not path.is_dir())

    def test_its_name_and_what_it_needs(self):
        version = re.search(r"project\(muster VERSION (\S+)", (SOURCE / "CMakeLists.txt").read_text())[1]
        architecture = run("dpkg", "--print-architecture").out.strip()
        self.assertEqual(self.deb.name, f"muster_{version}_{architecture}.deb")
        needs = {part.split()[0] for part in self.field("Depends").split(", ")}
        self.assertLessEqual({"adduser", "libc6", "libsqlite3-0", "libssl3"}, needs)

    def test_its_changelog_is_of_this_version_and_its_maintainer_who_signed_it(self):
        packed = (self.root / "usr/share/doc/muster/changelog.gz").read_bytes()
        self.assertEqual(gzip.decompress(packed), CHANGELOG.read_bytes())
        self.assertEqual(packed[3:8], bytes(5), "neither name nor time: the same package whenever it is made")
        parsed = run("dpkg-parsechangelog", "-l", CHANGELOG)
        self.assertEqual((parsed.status, parsed.err), (0, ""))
        told = dict(re.findall(r"(?m)^([A-Z]\w+): (.*)$", parsed.out))
        self.assertEqual((told["Source"], told["Version"]), ("muster", self.field("Version")))
        wanted = re.search(r"(?m)^MUSTER_MAINTAINER:STRING=(.*)$", (BUILD / "CMakeCache.txt").read_text())[1]
        self.assertEqual(self.field("Maintainer"), wanted or told["Maintainer"])

    def test_the_files_are_those_that_the_page_lists(self):
        listed = re.findall(r"(?m)^\| (`/[^|]*`) \|", PAGE.read_text())
        listed = [place for cell in listed for place in re.findall(r"`(/[^`]+)`", cell)]
        self.assertGreater(len(listed), 10)
        folders = [place for place in listed if place.endswith("/")]
        files = self.files()
        for place in listed:
            if place != "/var/lib/muster/":  # made when it is installed
                self.assertTrue(any(file.startswith(place) if place in folders else file == place for file in files), place)
        self.assertEqual([file for file in files if file not in listed and not file.startswith(tuple(folders))], [])

    def test_all_is_roots_and_nobody_elses_to_write(self):
        rows = run("dpkg-deb", "-c", self.deb).out.splitlines()
        for row in rows:
            mode, owner, *_, path = row.split()
            program = re.fullmatch(r"\./usr/s?bin/musterd?", path)
            with self.subTest(path):
                self.assertEqual(owner, "root/root")
                self.assertEqual(mode, "drwxr-xr-x" if path.endswith("/") else "-rwxr-xr-x" if program else "-rw-r--r--")

    def test_what_is_below_etc_is_a_conffile(self):
        self.assertEqual((self.control / "conffiles").read_text().split(), [file for file in self.files() if file.startswith("/etc/")])

    def configuration_of_it(self, folder="/etc/muster"):
        """With a user that is there: the package's own is made when it is installed."""
        text = (self.root / "etc/muster/musterd.toml").read_text().replace("/etc/muster", str(folder))
        self.assertIn('\nuser = "muster" ', text)
        return text.replace('\nuser = "muster" ', f'\nuser = "{pwd.getpwuid(os.geteuid()).pw_name}" ')

    def test_its_configuration_is_good(self):
        told = run(self.root / "usr/sbin/musterd", "--check-config", self.write("musterd.toml", self.configuration_of_it()))
        self.assertEqual((told.status, told.err), (0, ""))

    def test_what_it_has_behind_a_hash_is_good(self):
        text = re.sub(r'(?m)^# (?=\[|[a-z_]+ = )', "", self.configuration_of_it(self.folder))
        self.assertIn("\n[[zones.file]]", text)
        self.assertIn("\nudp_threads = ", text)
        self.write("deploy.token", "a-long-secret\n")
        shutil.copy(SOURCE / "zones/examples/example.test.zone", self.folder)
        told = run(self.root / "usr/sbin/musterd", "--check-config", self.write("all.toml", text))
        self.assertEqual((told.status, told.err), (0, ""))

    def test_it_listens_on_loopback_alone(self):
        listened = re.findall(r"(?m)^listen = \[(.*)\]", self.configuration_of_it())
        self.assertEqual(listened, ['"127.0.0.1:5300"', '"127.0.0.1:8053"'])

    def test_the_musterd_of_it_serves(self):
        config = self.write("musterd.toml", self.configuration_of_it())
        words = [f"--set={key}={value}" for key, value in {
            "dns.listen": f'["{ADDRESS}:0"]', "http.listen": f'["{ADDRESS}:0"]',
            "store.path": f'"{self.folder}/muster.db"'}.items()]
        server = Installed(self.root, self.folder, ["--config", config, *words])
        self.addCleanup(server.kill)
        server.ready()
        told = run(self.root / "usr/bin/muster", "register", "web", "127.0.0.11:80", env=server.environment())
        self.assertEqual(told.status, 0, told.err)
        self.assertEqual(server.dig("web.svc.internal").data(), ["127.0.0.11"])
        self.assertEqual(server.stop(), 0)

    def test_units_and_configuration_name_files_of_it(self):
        for unit in (self.root / "lib/systemd/system").iterdir():
            for place in re.findall(r"(?m)^Exec\w+=(/usr/s?bin/\S+)", unit.read_text()):
                with self.subTest(f"{unit.name}: {place}"):
                    self.assertTrue(os.access(self.root / place[1:], os.X_OK))
        self.assertIn("/etc/muster/musterd.toml", (self.root / "lib/systemd/system/musterd.service").read_text())
        for place in re.findall(r"/usr/share/doc/[\w./-]+", self.configuration_of_it()):
            self.assertTrue((self.root / place[1:].rstrip(".")).exists(), place)


class Installed(Musterd):
    """A musterd from the unpacked package."""

    def __init__(self, root, folder, words):
        super(Musterd, self).__init__(folder, "musterd", [root / "usr/sbin/musterd", *words])
        self.folder = folder
        self.dns = self.http = None


class Scripts(EndToEnd):
    """Each with a PATH that has nothing but stand-ins, which write down how they were called."""

    def setUp(self):
        super().setUp()
        self.stands = self.folder / "stands"
        self.stands.mkdir()
        self.calls = self.folder / "calls"
        for name in ("adduser", "addgroup", "getent", "install", "rm", "deb-systemd-helper", "deb-systemd-invoke", "systemctl"):
            self.stand(name, 0)

    def stand(self, name, status, of="*"):
        """It ends with this status when its words match, else well."""
        path = self.stands / name
        path.write_text(f'#!/bin/sh\necho "{name} $*" >>{self.calls}\ncase "$*" in {of}) exit {status} ;; esac\n')
        path.chmod(0o755)

    def script(self, name, *words):
        """Its status, and the commands that it ran."""
        self.calls.write_text("")
        ended = run("/bin/sh", SOURCE / "tools/debian" / name, *words, env={"PATH": str(self.stands)})
        self.assertEqual(ended.err if ended.status == 0 else "", "")
        return ended.status, self.calls.read_text().splitlines()

    def test_they_end_at_the_first_fault(self):
        for name in SCRIPTS:
            with self.subTest(name):
                text = (SOURCE / "tools/debian" / name).read_text()
                self.assertTrue(text.startswith("#!/bin/sh\n"))
                self.assertIn("\nset -e\n", text)
        self.stand("getent", 2)
        self.stand("adduser", 1)
        self.assertEqual(self.script("postinst", "configure", "")[0], 1, "without the user nothing would run")

    def test_the_user_is_made_once(self):
        self.stand("getent", 2)
        status, calls = self.script("postinst", "configure", "")
        self.assertEqual(status, 0)
        self.assertEqual([call.split()[0] for call in calls[:5]], ["getent", "addgroup", "getent", "adduser", "install"])
        self.assertIn("install -d -o muster -g muster -m 0700 /var/lib/muster", calls)
        self.stand("getent", 0)
        status, calls = self.script("postinst", "configure", "0.0.1")
        self.assertEqual((status, [call for call in calls if call.startswith("add")]), (0, []))

    def test_musterd_alone_is_enabled_and_what_was_decided_stays(self):
        rows = [
            ("a first installation: musterd counts as enabled, and muster-haproxy has not been here", "*debian-installed*", ["musterd.service"]),
            ("musterd was disabled", "*was-enabled*", []),
            ("both were enabled", "nothing", ["musterd.service", "muster-haproxy.service"]),
        ]
        for why, fails, expected in rows:
            with self.subTest(why):
                self.stand("deb-systemd-helper", 1, fails)
                status, calls = self.script("postinst", "configure", "")
                self.assertEqual(status, 0)
                self.assertEqual([call.split()[-1] for call in calls if call.startswith("deb-systemd-helper enable")], expected)

    @unittest.skipIf(os.path.isdir("/run/systemd/system"), "systemd runs here")
    def test_without_systemd_nothing_is_started_or_stopped(self):
        for name, words in (("postinst", ("configure", "")), ("postinst", ("configure", "0.0.1")), ("postinst", ("abort-remove",)),
                            ("prerm", ("remove",)), ("prerm", ("upgrade", "2")), ("postrm", ("remove",)), ("postrm", ("purge",))):
            with self.subTest(f"{name} {' '.join(words)}"):
                status, calls = self.script(name, *words)
                self.assertEqual(status, 0)
                self.assertEqual([call for call in calls if call.startswith(("systemctl", "deb-systemd-invoke"))], [])

    def test_a_purge_alone_removes_data(self):
        for word in ("remove", "upgrade", "failed-upgrade", "abort-install", "abort-upgrade", "disappear"):
            with self.subTest(word):
                status, calls = self.script("postrm", word, "1")
                self.assertEqual((status, [call for call in calls if call.startswith("rm")]), (0, []))
        status, calls = self.script("postrm", "purge")
        self.assertEqual((status, [call for call in calls if call.startswith("rm")]), (0, ["rm -rf /var/lib/muster"]))

    def test_an_unknown_word_is_refused(self):
        self.assertEqual(self.script("postinst", "colour")[0], 1)


if __name__ == "__main__":
    unittest.main()
