"""The pages on moving to the export from other programs that keep a HAProxy, walked through with a Marathon of the
tutorial's two apps."""

import json
import os
import re
import unittest

import docs_test
from docs_test import commands
from harness import ADDRESS, SOURCE, run, wait_until
from haproxy_export_test import Backend, get
from marathon_test import WithMarathon
from ports import free_port

os.environ["PATH"] += ":/usr/sbin"  # where Debian has haproxy, and not everybody's PATH leads


def listens(text):
    """(section, bind) → the endpoints of its servers."""
    found, section = {}, None
    for line in text.splitlines():
        words = line.split()
        if not words:
            continue
        if line[0] != " ":
            section = words[1] if words[0] == "listen" else None
        elif section and words[0] == "bind":
            key = (section, words[1])
            found[key] = set()
        elif section and words[0] == "server":
            found[key].add(words[2])
    return found


class Walk(WithMarathon, docs_test.Page):
    def page(self, name):
        return (SOURCE / "docs/howto" / name).read_text()


class Bridge(Walk):
    PAGE = "from-haproxy-marathon-bridge.md"

    def as_the_bridge_wrote_it(self):
        """One section for each app and service port, its servers counting down, as the script does."""
        text = "global\n  maxconn 4096\n\nlisten stats\n  bind 127.0.0.1:9090\n  mode http\n  stats auth admin:admin\n"
        for app in self.known.apps.values():
            for number in range(app.ports):
                port = app.service_port + number
                name = app.id.strip("/").replace("/", "_")
                text += f"\nlisten {name}-{port}\n  bind 0.0.0.0:{port}\n  mode tcp\n  option tcplog\n  balance leastconn\n"
                for place, task in enumerate(app.tasks.values()):
                    text += f"  server {name}-{len(app.tasks) - place} {task['host']}:{task['ports'][number]} check\n"
        return text

    def test_the_sections_are_those_that_the_script_wrote(self):
        web = self.known.app("/webapp", ports=2, service_port=80, checks=1)
        service = self.known.app("/serviceapp", service_port=8081, checks=1)
        for place in (1, 2, 3):
            web.add(f"webapp.{place}", f"10.0.1.{place}", 31000, alive=[True])
            service.add(f"serviceapp.{place}", f"10.0.1.{place}", 31100, alive=[True])
        marathon = self.marathon()
        self.write("marathons", marathon.url.removeprefix("http://") + "\n")
        (source,) = re.findall(r"(?ms)^ *```toml\n(.*?)^ *```", self.page(self.PAGE))
        example = (SOURCE / "zones/examples/from-haproxy-marathon-bridge.toml").read_text()
        said = re.sub(r"(?m)^ +", "", source).replace("/etc/haproxy-marathon-bridge/marathons", str(self.folder / "marathons"))
        self.assertIn(re.sub(r"(?m)^ +", "", source), example, "the example is the page's")
        server = self.begin("--config", self.configuration(said, store="memory")).ready()
        wait_until("all tasks are known", lambda: len(server.dig("webapp.svc.internal").data()) == 3
                   and len(server.dig("serviceapp.svc.internal").data()) == 3)
        self.write("old.cfg", self.as_the_bridge_wrote_it())
        export, diff = [line.strip() for line in commands_indented(self.page(self.PAGE))]
        shims = self.shims(server)
        done = run("bash", "-c", export + (" --no-validate" if not run("which", "haproxy").out else ""), env=shims, cwd=self.folder)
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(run("bash", "-c", diff, env=shims, cwd=self.folder).status, 1, "global and defaults differ")
        old = listens((self.folder / "old.cfg").read_text())
        old.pop(("stats", "127.0.0.1:9090"))
        self.assertEqual(listens((self.folder / "new.cfg").read_text()), old)
        self.assertIn("server webapp-3 10.0.1.1:31000 check\n", (self.folder / "new.cfg").read_text())


class MarathonLb(Walk):
    PAGE = "from-bamboo.md"

    def test_the_labels_make_what_the_page_says(self):
        page = self.page(self.PAGE)
        (app,) = [json.loads(block) for block in re.findall(r"(?ms)^```json\n(.*?)^```", page)]
        cart = self.known.app(app["id"], service_port=10019, labels=app["labels"])
        cart.add("shop_cart.1", "10.0.1.1")
        self.known.app("/quiet", service_port=10020).add("quiet.1", "10.0.1.2")
        server = self.serve(self.marathon())
        wait_until("the app is known", lambda: server.muster("list").out.count("cart"))
        (export,) = commands(f"docs/howto/{self.PAGE}")
        done = run("bash", "-c", export, env=self.shims(server))
        self.assertEqual(done.status, 0, done.err)
        self.assertEqual(re.findall("(?m)^listen (.*)", done.out), ["shop_cart-10019"])
        self.assertIn("  mode http\n", done.out[done.out.index("listen shop_cart"):])
        (rules,) = re.findall(r"(?ms)^```\n(  acl .*?)^```", page)
        self.assertIn(rules, done.out)

    def test_a_real_haproxy_does_what_the_labels_say(self):
        fronts = {name: free_port(ADDRESS) for name in ("names", "tcp", "evil", "service")}
        apps = {
            "cart": {"HAPROXY_0_VHOST": "cart.example.test", "HAPROXY_0_PATH": "/cart"},
            "site": {"HAPROXY_0_VHOST": "cart.example.test,www.example.test", "HAPROXY_0_STICKY": "true", "HAPROXY_0_MODE": "http"},
            "tcp": {"HAPROXY_0_PORT": str(fronts["tcp"]), "HAPROXY_0_BALANCE": "source"},
            "evil": {"HAPROXY_0_PORT": str(fronts["evil"]), "HAPROXY_0_VHOST": "www.example.test\n  use_backend evil",
                     "HAPROXY_0_PATH": "/x }\n", "HAPROXY_0_MODE": "http\n  acl all always_true", "HAPROXY_0_BALANCE": "first\n  server x 127.0.0.1:1",
                     "HAPROXY_0_BIND_ADDR": "0.0.0.0:1 name x", "HAPROXY_0_BACKEND_HEAD": "  http-request deny"},
        }
        for number, (name, labels) in enumerate(apps.items()):
            backend = Backend(name)
            self.addCleanup(backend.close)
            self.known.app(f"/{name}", service_port=free_port(ADDRESS) if number else fronts["service"], labels=labels).add(f"{name}.1", ADDRESS, backend.port)
        server = self.serve(self.marathon())
        wait_until("the apps are known", lambda: all(server.dig(f"{name}.svc.internal").data() for name in apps))
        file = self.folder / "haproxy.cfg"
        done = server.muster("export", "haproxy", "--bind", ADDRESS, "--vhosts", f"{ADDRESS}:{fronts['names']}", "--output", file)
        self.assertEqual(done.status, 0, done.err)
        self.assertIn("HAPROXY_0_BACKEND_HEAD", done.err)
        self.background("haproxy", ["/usr/sbin/haproxy", "-db", "-f", file])
        wait_until("it answers", lambda: get(fronts["tcp"]) == "tcp")
        for host, path, whose in (("cart.example.test", "/cart/1", "cart"), ("CART.example.test", "/", "site"), ("www.example.test", "/cart", "site"),
                                  ("www.example.test", "/x", "site"), ("evil.example.test", "/", None)):
            with self.subTest(host + path):
                self.assertEqual(get(fronts["names"], host, path), whose)
        self.assertEqual(get(fronts["evil"]), "evil", "what it may say is heard, all else is not")
        self.assertEqual(get(fronts["service"], "any", "/cart"), "cart")


def commands_indented(page):
    return [line for block in re.findall(r"(?ms)^ *```sh\n(.*?)^ *```", page) for line in block.splitlines()]


if __name__ == "__main__":
    unittest.main()
