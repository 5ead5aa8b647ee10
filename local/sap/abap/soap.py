"""The landscape behind HTTP: SICF nodes, the logon, three forms of SOAP, WSDLs, broken lines."""

import re
import time
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import parse_qs, unquote

from local.sap.abap import wire, wsdl
from local.sap.abap.faults import AbapFault, Wanted
from local.sap.abap.landscape import CLIENTS
from local.sap.abap.system import Abap, Done
from local.sap.abap.wire import BadEnvelope, Received, Style
from local.sap.errors import LogonFailed
from local.sap.exchange import Request, Response
from local.sap.logon.sessions import CLIENT

ROOTS = ("/sap/bc/soap/", "/sap/bc/srt/")
_RFC = "/sap/bc/soap/rfc"
_WSDL = ("/sap/bc/soap/wsdl11", "/sap/bc/soap/wsdl")
_BINDING = re.compile(r"/sap/bc/srt/rfc/sap/(\w+)/(\d{3})/(\w+)/(\w+)/?")
_XML = "text/xml; charset=utf-8"
_HTML = "text/html; charset=utf-8"
_PAGE = "<!DOCTYPE html>\n<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>\n"
_LOGON_PAGE = (
    "<!DOCTYPE html>\n<html><head><title>Logon</title></head><body>"
    '<form name="loginForm" method="post"><input name="sap-user"/>'
    '<input type="password" name="sap-password"/></form></body></html>\n'
)


class Node:
    """What stands at /sap/bc/soap and /sap/bc/srt.

    Every client knows the same callers: `/sap/bc/srt/.../<client>/...` or sap-client says which
    client is meant. A service of a binding is named as the function module that it exposes, in
    lower case, or ZSAPMATCH for all; the binding `mc_style` has names in CamelCase.
    """

    def __init__(self, abap: Abap, log_on: Callable[[Request], str]) -> None:
        self._abap = abap
        self._log_on = log_on

    def answer(self, request: Request, inactive: tuple[str, ...]) -> tuple[Response, str, str]:
        """The answer, who called, and the fault that met the call; LogonFailed for nobody."""
        binding = _BINDING.fullmatch(request.path)
        if request.path not in (_RFC, f"{_RFC}/", *_WSDL) and binding is None:
            return _page(HTTPStatus.NOT_FOUND, "Service cannot be reached"), "", ""
        client = binding[2] if binding else _client(request)
        if client not in CLIENTS:
            raise LogonFailed(f"Client {client[:3] or '(none)'} is not available in this system")
        user = self._log_on(replace(request, query=f"sap-client={CLIENT}"))
        if any(request.path.startswith(each) for each in inactive if each.startswith("/")):
            return _page(HTTPStatus.FORBIDDEN, "Service is not active (SICF)"), user, ""
        style: Style = "soap_rfc"
        if binding:
            style = "mc_style" if binding[4].lower().startswith("mc") else "soamanager"
        if request.method == "GET":
            service = binding[1] if binding else _option(request, "services")
            return self._description(request, service, style), user, ""
        if request.method != "POST":
            return _page(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed"), user, ""
        response, fault = self._call(request, user, client, style, binding[1] if binding else "")
        return response, user, fault

    def _description(self, request: Request, service: str, style: Style) -> Response:
        if style == "soap_rfc" and request.path not in _WSDL:
            return _page(HTTPStatus.METHOD_NOT_ALLOWED, "Method not allowed")
        names = _exposed(service, list(self._abap.functions))
        if not names:
            return _page(HTTPStatus.NOT_FOUND, f"Service {service[:40]} has no WSDL")
        functions = [self._abap.functions[name] for name in names]
        address = f"{request.origin}{request.path}"
        if style == "soap_rfc":
            address = f"{request.origin}{_RFC}?sap-client={_client(request)}"
        body = wsdl.described(functions, style, address, service or names[0])
        return Response(HTTPStatus.OK, body, _XML)

    def _call(
        self, request: Request, user: str, client: str, style: Style, service: str
    ) -> tuple[Response, str]:
        if "xml" not in request.headers.get("content-type", ""):
            return _page(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "Content type is not text/xml"), ""
        if "soapaction" not in request.headers:
            return _refused(BadEnvelope("The header SOAPAction is missing"), style), ""
        lenient = self._abap.rules.unknown_parameters == "ignored"
        try:
            received = wire.read(request.body, style, self._abap.functions, lenient=lenient)
            if service and received.function not in _exposed(service, list(self._abap.functions)):
                raise BadEnvelope(f"Service {service} has no operation {received.function}")
        except BadEnvelope as error:
            return _refused(error, style), ""
        except AbapFault as error:
            return _failed(error, "", style), ""
        fault = self._abap.faults.take(received.function)
        response = self._faulted(request, received, user, client, fault)
        return response, fault.text if fault else ""

    def _faulted(
        self, request: Request, received: Received, user: str, client: str, fault: Wanted | None
    ) -> Response:
        name = fault.name if fault else ""
        if name in _TURNED_AWAY:
            return _TURNED_AWAY[name]()
        # The delay stands before the work: the client may have given up when it is done.
        time.sleep(fault.seconds if fault else 0)
        response = self._executed(request, received, user, client, fault)
        if name == "reset_after":
            response.dropped = True
        elif name == "truncated":
            response.body = response.body[: len(response.body) // 2]
        elif name == "garbled":
            response.body = response.body.replace(b"</", b"<", 3)
        elif name == "html_dump":
            response.status, response.content_type = HTTPStatus.INTERNAL_SERVER_ERROR, _HTML
            response.body = _PAGE.format("500 Internal Server Error").encode()
        return response

    def _executed(
        self, request: Request, received: Received, user: str, client: str, fault: Wanted | None
    ) -> Response:
        language = _option(request, "sap-language") or request.headers.get("sap-language", "EN")
        try:
            done: Done = self._abap.execute(
                received.function,
                received.parameters,
                user=user,
                client=client,
                language=language,
                fault=fault,
            )
        except AbapFault as error:
            return _failed(error, received.function, received.style)
        function = self._abap.functions[received.function]
        body = wire.answer(function, done.outputs, received)
        response = Response(HTTPStatus.OK, body, _XML)
        response.created, response.changed = done.created, done.changed
        response.called = [f"{client}/{received.function}"]
        return response


def _client(request: Request) -> str:
    return _option(request, "sap-client") or request.headers.get("sap-client", "")


def _option(request: Request, name: str) -> str:
    return unquote(parse_qs(request.query).get(name, [""])[-1])


def _exposed(service: str, known: list[str]) -> list[str]:
    if service.upper() == "ZSAPMATCH":
        return known
    wanted = [each for each in service.upper().replace("_-", "/").split(",") if each]
    return wanted if wanted and set(wanted) <= set(known) else []


def _failed(error: AbapFault, function: str, style: Style) -> Response:
    """A SOAP fault; a short dump is a page of the ICF."""
    if error.kind == "dump":
        return _page(HTTPStatus.INTERNAL_SERVER_ERROR, f"500 Runtime error: {error.key}")
    body = wire.fault(error, function, style)
    return Response(HTTPStatus.INTERNAL_SERVER_ERROR, body, _XML)


def _refused(error: BadEnvelope, style: Style) -> Response:
    return _failed(AbapFault("parameter", "SOAP_PROCESSING_FAILED", str(error)), "", style)


def _page(status: int, text: str) -> Response:
    return Response(status, _PAGE.format(text).encode(), _HTML)


def _logon_page() -> Response:
    return Response(HTTPStatus.OK, _LOGON_PAGE.encode(), _HTML)


def _hung_up() -> Response:
    return Response(0, dropped=True)


def _unavailable() -> Response:
    return _page(HTTPStatus.SERVICE_UNAVAILABLE, "Service Unavailable")


_TURNED_AWAY = {"html_login": _logon_page, "reset_before": _hung_up, "503": _unavailable}
