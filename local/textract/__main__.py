"""`python -m local.textract --port N`: prints the URL and serves until SIGTERM."""

import argparse
import signal
import threading

from local.textract.server import Server


def main() -> None:
    """Serve Textract AnalyzeExpense on 127.0.0.1."""
    parser = argparse.ArgumentParser(prog="python -m local.textract", description=main.__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 takes a free port")
    server = Server(parser.parse_args().port)
    for number in (signal.SIGTERM, signal.SIGINT):
        # shutdown() waits for serve_forever(), which runs in the thread that gets the signal
        signal.signal(number, lambda *_: threading.Thread(target=server.shutdown).start())
    print(server.url, flush=True)
    try:
        server.serve_forever(poll_interval=0.1)
    finally:
        server.server_close()


if __name__ == "__main__":
    main()
