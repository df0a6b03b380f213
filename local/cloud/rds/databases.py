"""RDS instances with a real PostgreSQL behind them; without Docker MiniStack keeps a record of them only.

* CreateDBInstance makes a server (see ``rds.postgres_server``) on a free port of 127.0.0.1, which is the
  instance's endpoint; Stop, Start, Reboot and DeleteDBInstance do to it what they say. It lives and ends
  with the cloud, and keeps its data in ``SLIPWAY_DATABASES_DIR``.
* ManageMasterUserPassword keeps the password in Secrets Manager, and RotateMasterUserPassword changes it
  in both places, as RDS does.
* Only ``postgres`` has a server: other engines are refused, rather than pretended.
"""

from __future__ import annotations

import contextvars
import json
import logging
import random
import secrets
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ministack.services import rds, secretsmanager

from rds.postgres_server import Server, UnavailableError, program

Params = dict[str, Any]
Answer = tuple[int, dict[str, str], bytes]
Instance = dict[str, Any]
Action = Callable[[Params], Answer]

ENGINE = "postgres"
PORTS = range(20_000, 32_000)  # below what the system hands out to outgoing connections


class Databases:
    """The servers behind MiniStack's RDS. ``folder`` holds their data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._servers: dict[str, Server] = {}
        # One thread for all that is done to servers: a server ends with the thread that has started it.
        self._worker = ThreadPoolExecutor(max_workers=1)
        self._instance_xml: Callable[[Instance], str] = rds._instance_xml
        self._actions: dict[str, Action] = dict(rds._ACTION_MAP)

    def install(self) -> None:
        rds._ACTION_MAP.update(
            CreateDBInstance=self.create,
            DeleteDBInstance=self.delete,
            ModifyDBInstance=self.modify,
            StartDBInstance=self.start,
            StopDBInstance=self.stop,
            RebootDBInstance=self.reboot,
        )
        rds._instance_xml = self.instance_xml
        rds._rotate_instance_password = lambda instance, _old, new: self.set_password(instance, new)
        rds._start_rds_container_for_instance = lambda _name, instance: self._do(self.bring_up, instance)

    def stop_all(self) -> None:
        for server in self._servers.values():
            self._do(server.stop)
        self._worker.shutdown()

    def _do(self, work: Callable[..., None], *arguments: object) -> Future[None]:
        """Queues work on a server, in the caller's context, in which MiniStack keeps the account."""
        return self._worker.submit(contextvars.copy_context().run, work, *arguments)

    def create(self, params: Params) -> Answer:
        engine = rds._p(params, "Engine")
        if engine != ENGINE or rds._p(params, "DBClusterIdentifier"):
            return refusal(
                f"The laptop target runs instances of the engine {ENGINE}, and no {engine or 'cluster'}. Use "
                "a server of your own by its address, or leave this one out on this stack."
            )
        try:
            program("postgres")
        except UnavailableError as error:
            return refusal(f"{error}.")
        is_managed = rds._p(params, "ManageMasterUserPassword") == "true"
        if is_managed:
            params = {**params, "MasterUserPassword": [new_password()]}
        answer = self._actions["CreateDBInstance"](params)
        if answer[0] != 200:
            return answer
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        port = free_port()
        instance.update(DBInstanceStatus="creating", _HostPort=port)
        instance["Endpoint"].update(Address="127.0.0.1", Port=port)
        if is_managed:
            instance["MasterUserSecret"] = managed_secret(instance)
        self._do(self.bring_up, instance)
        return response("Create", instance)

    def delete(self, params: Params) -> Answer:
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        answer = self._actions["DeleteDBInstance"](params)
        if answer[0] == 200 and instance:
            self._do(self.server(instance).destroy).result()
            del self._servers[instance["DbiResourceId"]]
            secret = instance.get("MasterUserSecret")
            if secret:
                gone = {"SecretId": secret["SecretArn"], "ForceDeleteWithoutRecovery": True}
                secretsmanager._delete_secret(gone)
        return answer

    def modify(self, params: Params) -> Answer:
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        if rds._p(params, "RotateMasterUserPassword") == "true":
            if not instance or "MasterUserSecret" not in instance:
                return refusal("The instance has no password that RDS manages.")
            params = {**params, "MasterUserPassword": [new_password()]}
        return self._actions["ModifyDBInstance"](params)

    def start(self, params: Params) -> Answer:
        answer = self._actions["StartDBInstance"](params)
        if answer[0] == 200:
            instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
            instance["DBInstanceStatus"] = "starting"
            self._do(self.bring_up, instance)
        return answer

    def stop(self, params: Params) -> Answer:
        answer = self._actions["StopDBInstance"](params)
        if answer[0] == 200:
            instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
            self._do(self.server(instance).stop).result()
        return answer

    def reboot(self, params: Params) -> Answer:
        instance = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
        if not instance or instance["DBInstanceStatus"] != "available":
            return self._actions["RebootDBInstance"](params)
        instance["DBInstanceStatus"] = "rebooting"
        self._do(self.bring_up, instance)
        return response("Reboot", instance)

    def server(self, instance: Instance) -> Server:
        name = instance["DbiResourceId"]  # another one for an instance that is made again under the same name
        return self._servers.setdefault(name, Server(self._folder / name))

    def bring_up(self, instance: Instance) -> None:
        """(Re)starts the instance's server, with new data if it has none; its status says how it went."""
        server = self.server(instance)
        try:
            if not server.exists:
                server.create(instance["MasterUsername"], instance["_MasterUserPassword"], instance["DBName"])
            server.stop()
            if not is_free(instance["_HostPort"]):
                instance["_HostPort"] = instance["Endpoint"]["Port"] = free_port()
            server.start(instance["_HostPort"])
        except (UnavailableError, OSError) as error:
            logging.error("RDS instance %s: %s", instance["DBInstanceIdentifier"], error)
            instance["DBInstanceStatus"] = "failed"
            return
        if rds._resolve_instance(instance["DBInstanceIdentifier"]) is not instance:
            server.destroy()  # deleted meanwhile
        else:
            instance["DBInstanceStatus"] = "available"

    def set_password(self, instance: Instance, password: str) -> None:
        """First in the database, then in the secret, as RDS does: clients see both orders within a moment."""
        self._do(self.server(instance).set_password, instance["MasterUsername"], password).result()
        secret = instance.get("MasterUserSecret")
        if secret:
            secretsmanager._put_secret_value(
                {"SecretId": secret["SecretArn"], "SecretString": secret_text(instance)}
            )

    def instance_xml(self, instance: Instance) -> str:
        secret = instance.get("MasterUserSecret", {})
        fields = "".join(f"<{name}>{rds._esc(value)}</{name}>" for name, value in secret.items())
        element = f"<MasterUserSecret>{fields}</MasterUserSecret>" if fields else ""
        return self._instance_xml(instance) + element


def managed_secret(instance: Instance) -> dict[str, str]:
    """Keeps the master user's password in Secrets Manager, under the name that RDS gives it."""
    data = {"Name": f"rds!{instance['DbiResourceId'].lower()}", "SecretString": secret_text(instance)}
    _status, _headers, body = secretsmanager._create_secret(data)
    return {"SecretArn": json.loads(body)["ARN"], "SecretStatus": "active"}


def secret_text(instance: Instance) -> str:
    return json.dumps({"username": instance["MasterUsername"], "password": instance["_MasterUserPassword"]})


def new_password() -> str:
    return secrets.token_urlsafe(24)


def response(action: str, instance: Instance) -> Answer:
    name = f"{action}DBInstance"
    answer: Answer = rds._single_instance_response(f"{name}Response", f"{name}Result", instance)
    return answer


def refusal(message: str) -> Answer:
    answer: Answer = rds._error("InvalidParameterValue", message, 400)
    return answer


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def free_port() -> int:
    return next(port for port in random.sample(PORTS, len(PORTS)) if is_free(port))
