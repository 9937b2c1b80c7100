"""The topology of deploy/compose.yaml on one machine: each host a network namespace, and one host
after the other lost.

    python -m tests.faults.hosts [--seconds 120] [--seed 1] [--json FILE] [--keep]
    (as root, with Linux and Caddy)

Two web hosts, two worker hosts (each with an uploads worker and beat), a database, a broker, a
proxy and a mail server in bad health. A host is killed with all its processes and its network, or
cut off alive. Orders, answers and page views go in by the proxy and by services; the verdict is the
kill run's. Exit code 1 when anything was lost or untrue.
"""

import os
import random
import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from backorders_site.demo import embedded, supervisor
from tests.faults.chaos import Process, Trouble
from tests.faults.kill_run import KillRun, run_by_command
from tests.faults.product import Product

NET = "10.99.77"
BRIDGE = "bo-bridge"
HOSTS = {
    "proxy": 2,
    "database": 10,
    "broker": 11,
    "web1": 21,
    "web2": 22,
    "worker1": 31,
    "worker2": 32,
    "mail": 40,
}
PASSWORD = "of-the-broker"
NEVER_LOST = {"mail"}  # it is not ours, and unwell as it is
AWAY = (4.0, 9.0)  # seconds a host is lost
CALM = (2.0, 5.0)  # between two


def ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True)


@dataclass
class Host:
    name: str
    number: int
    processes: list[Process] = field(default_factory=list)

    @property
    def space(self) -> str:
        return f"bo-{self.name}"

    @property
    def address(self) -> str:
        return f"{NET}.{self.number}"

    def build(self) -> None:
        ip("netns", "add", self.space)
        ip("link", "add", self.space, "type", "veth", "peer", "name", "eth0", "netns", self.space)
        ip("link", "set", self.space, "master", BRIDGE, "up")
        for command in (
            ("addr", "add", f"{self.address}/24", "dev", "eth0"),
            ("link", "set", "eth0", "up"),
            ("link", "set", "lo", "up"),
        ):
            ip("-n", self.space, *command)

    def inside(self, *command: str) -> list[str]:
        return ["ip", "netns", "exec", self.space, *command]

    def plug(self, state: str) -> None:
        ip("link", "set", self.space, state)

    def look_after(self) -> None:
        for process in self.processes:
            if not process.is_up and time.monotonic() >= process.start_at:
                process.kill()
                process.start_at = time.monotonic() + 2
                process.start()


class Topology(Product):
    """The hosts and what runs on each."""

    hosts: Mapping[str, Host] = {}

    def prepare(self) -> None:
        tear_down()
        ip("link", "add", BRIDGE, "type", "bridge")
        ip("addr", "add", f"{NET}.1/24", "dev", BRIDGE)
        ip("link", "set", BRIDGE, "up")
        self.hosts = {name: Host(name, number) for name, number in HOSTS.items()}
        for host in self.hosts.values():
            host.build()
        self.variables = {
            "SITE_URL": f"https://{self.hosts['proxy'].address}",
            "ALLOWED_HOSTS": self.hosts["proxy"].address,
            "TRUSTED_PROXIES": "1",
        }
        super().prepare()
        self._open_to_the_network()

    def _open_to_the_network(self) -> None:
        """What prepare() made for one machine, spread over hosts with addresses."""
        at = {name: host.address for name, host in self.hosts.items()}
        self.environment |= {
            "DATABASE_URL": f"postgresql://postgres@{at['database']}:5432/{embedded.DATABASE}",
            "REDIS_URL": f"redis://:{PASSWORD}@{at['broker']}:6379/0",
            "EMAIL_URL": f"smtp://{at['mail']}:2525",
        }
        with (self.directory / "postgres" / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {NET}.0/24 trust\n")
        one_machine = dict(self.processes)
        self.processes.clear()
        self._place(
            "database",
            "postgres",
            self._postgres_command(one_machine["postgres"]),
            one_machine["postgres"],
        )
        valkey = [
            *embedded.valkey_command(self.directory / "valkey", 6379, durable=True),
            "--requirepass",
            PASSWORD,
        ]
        valkey[valkey.index("--bind") + 1] = at["broker"]
        self._place("broker", "valkey", valkey, one_machine["valkey"])
        sink = [*one_machine["sink"].command, "--host", at["mail"]]
        sink[sink.index("--port") + 1] = "2525"
        self._place("mail", "sink", sink, one_machine["sink"])
        for n in (1, 2):
            web = list(one_machine["web"].command)
            web[web.index("--host") + 1], web[web.index("--port") + 1] = at[f"web{n}"], "8000"
            self._place(f"web{n}", f"web{n}", web, one_machine["web"])
            worker = [*one_machine["worker"].command, "--hostname", f"worker{n}@backorders"]
            self._place(f"worker{n}", f"worker{n}", worker, one_machine["worker"])
            uploads = [*one_machine["uploads"].command, "--hostname", f"uploads{n}@backorders"]
            self._place(f"worker{n}", f"uploads{n}", uploads, one_machine["uploads"])
            beat = list(one_machine["beat"].command)
            beat[beat.index("--schedule") + 1] += str(n)
            self._place(f"worker{n}", f"beat{n}", beat, one_machine["beat"])
        caddyfile = self.directory / "Caddyfile"
        caddyfile.write_text(proxy_rules(at["proxy"], [f"{at['web1']}:8000", f"{at['web2']}:8000"]))
        caddy = ["caddy", "run", "--adapter", "caddyfile", "--config", str(caddyfile)]
        self._place("proxy", "proxy", caddy, one_machine["web"])

    def _postgres_command(self, model: Process) -> list[str]:
        """As its user, whom no namespace is entered as; of a setting given twice the last one
        counts."""
        listening = [*model.command, "-c", f"listen_addresses={self.hosts['database'].address}"]
        user, group = model.identity["user"], model.identity["group"]
        return ["setpriv", f"--reuid={user}", f"--regid={group}", "--clear-groups", *listening]

    def _place(self, host: str, name: str, command: Sequence[str], model: Process) -> None:
        log = self.directory / f"{name}.log"
        process = Process(
            name,
            self.hosts[host].inside(*command),
            model.directory,
            log,
            self.environment,
            model.stop_signal,
        )
        if name == "proxy":
            process.environment = {
                **self.environment,
                "HOME": str(self.directory),
                "XDG_DATA_HOME": str(self.directory),
            }
            # Whoever asks the site from here on believes the proxy's own authority.
            authority = self.directory / "caddy" / "pki" / "authorities" / "local" / "root.crt"
            os.environ["SSL_CERT_FILE"] = self.environment["SSL_CERT_FILE"] = str(authority)
        self.processes[name] = process
        self.hosts[host].processes.append(process)

    def watched(self) -> list[str]:
        """Each web host by itself, and the site by its proxy, which keeps readiness to those
        inside."""
        hosts = [f"http://{self.hosts[name].address}:8000/readyz" for name in ("web1", "web2")]
        return [*hosts, f"{self.environment['SITE_URL']}/"]

    def stop(self) -> None:
        super().stop()
        tear_down()


def proxy_rules(address: str, web: Sequence[str], *options: str) -> str:
    """deploy/Caddyfile's, with hosts by address, a certificate of its own making and more global
    options."""
    rules = for_this_caddy((supervisor.BASE_DIR / "deploy" / "Caddyfile").read_text())
    begins = rules.index("dynamic a")
    ends = rules.index("}", rules.index("}", begins) + 1) + 1  # the first closes the variable
    rules = rules[:begins] + f"to {' '.join(web)}" + rules[ends:]
    rules = rules.replace("{$SITE_HOST} {", f"{address} {{\n\ttls internal")
    more = "\n\t".join(["admin off", "skip_install_trust", f"default_sni {address}", *options])
    return rules.replace("admin off", more)


def for_this_caddy(rules: str) -> str:
    """Caddy 2.6, Debian's, has another name for holding back the bodies of requests."""
    said = subprocess.run(["caddy", "version"], capture_output=True, text=True, check=True).stdout
    major, minor = re.findall(r"\d+", said)[:2]
    if (int(major), int(minor)) >= (2, 7):
        return rules
    return re.sub(r"request_buffers (\S+)", r"buffer_requests\n\t\tmax_buffer_size \1", rules)


def tear_down() -> None:
    with suppress(subprocess.CalledProcessError):
        spaces = subprocess.run(
            ["ip", "netns", "list"], capture_output=True, text=True, check=True
        ).stdout.split()
        for space in (f"bo-{name}" for name in HOSTS):
            if space in spaces:
                ip("netns", "delete", space)
    subprocess.run(["ip", "link", "delete", BRIDGE], stderr=subprocess.DEVNULL, check=False)


@dataclass
class Losses:
    """One host at a time is lost."""

    topology: Topology
    random: random.Random
    faults: Counter[str] = field(default_factory=Counter)

    def go_on_until(self, ends: float) -> None:
        turns: list[str] = []
        while time.monotonic() < ends:
            if not turns:
                turns = [name for name in HOSTS if name not in NEVER_LOST]
                self.random.shuffle(turns)
            self._lose(self.topology.hosts[turns.pop()])
            self._watch(self.random.uniform(*CALM))

    def look_after(self) -> None:
        for host in self.topology.hosts.values():
            host.look_after()

    def calm_down(self) -> None:
        for host in self.topology.hosts.values():
            host.plug("up")
        self.look_after()

    def _lose(self, host: Host) -> None:
        killed = self.random.random() < 0.6
        host.plug("down")
        away = self.random.uniform(*AWAY)
        if killed:
            for process in host.processes:
                process.kill()
                process.start_at = time.monotonic() + away
        self.faults[f"{host.name} {'killed' if killed else 'cut off'}"] += 1
        self._watch(away)
        host.plug("up")

    def _watch(self, seconds: float) -> None:
        ends = time.monotonic() + seconds
        while time.monotonic() < ends:
            self.look_after()
            time.sleep(0.1)


class HostsRun(KillRun):
    def make(self) -> Topology:
        return Topology(self.directory, "--seed", str(self.seed))

    def trouble(self) -> Trouble:
        assert isinstance(self.product, Topology)
        return Losses(self.product, random.Random(self.seed))


def main() -> int:
    for needed in ("ip", "caddy", "setpriv"):
        if shutil.which(needed) is None or os.geteuid() != 0:
            sys.stderr.write(
                "The hosts need Linux, root, iproute2 and Caddy: apt install iproute2 caddy\n"
            )
            return 1
    return run_by_command(HostsRun, __doc__, seconds=120)


if __name__ == "__main__":
    sys.exit(main())
