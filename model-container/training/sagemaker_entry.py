"""What a SageMaker training job runs: unpacks the data set, trains, and leaves the model where SageMaker fetches it.

Script mode starts it once on each host, with its settings in SM_* variables. The run folder is /opt/ml/checkpoints, which
SageMaker copies to S3 while it changes and brings back after a spot interruption: training goes on after its last epoch.
Several GPUs, or several hosts, train under torchrun, which every PyTorch from 1.10 on brings with it.
"""

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Mapping

from sagemaker_shards import unpack

# Several processes share each batch; the cropper is too small for that to be worth anything.
DISTRIBUTED = ("cnn", "rnn", "segmenter", "pregnancy")
HERE = Path(__file__).resolve().parent
# What torchrun does anyway, said of a tenth process that no machine has a GPU for: PyTorch 1.13 under Python 3.11 fails on
# its own default.
LEAVE_OUTPUT = ("--redirects=9:1", "--tee=9:1")


def setting(environment: Mapping, name: str) -> str:
    if name not in environment:
        sys.exit(f"{name} is not set: this program runs in a SageMaker training container (docs/training.md).")
    return environment[name]


def hyperparameters(environment: Mapping) -> dict:
    """network, arguments (joined by commas) and dataset_sha256, as cli/training/job-request.ts gives them."""
    given = json.loads(setting(environment, "SM_HPS"))
    missing = [name for name in ("network", "arguments", "dataset_sha256") if name not in given]
    if missing:
        sys.exit(f"The job has no hyperparameter {' and no '.join(missing)}: start it with npm run train.")
    return given


def training_command(environment: Mapping, options: argparse.Namespace, dataset: Path) -> "list[str]":
    """The command line that trains on this host: the script itself, or torchrun with it."""
    given = hyperparameters(environment)
    network, gpus = given["network"], int(environment.get("SM_NUM_GPUS", "0"))
    arguments = [argument for argument in given["arguments"].split(",") if argument]
    script = [str(HERE / f"train_{network}.py"), "--data", str(dataset), "--out", str(options.checkpoints)]
    if network == "rnn":
        script += ["--cnn", str(Path(setting(environment, "SM_CHANNEL_CNN")) / "best.pt")]
    if "SM_CHANNEL_FROM" in environment:
        script += ["--from", str(Path(environment["SM_CHANNEL_FROM"]) / "best.pt")]
    script += ["--device", "cuda" if gpus > 0 else "cpu", *arguments]
    hosts = json.loads(environment.get("SM_HOSTS", '["localhost"]'))
    processes = options.cpu_processes or max(gpus, 1)
    if network not in DISTRIBUTED or processes * len(hosts) == 1:
        return [sys.executable, *script]
    if len(hosts) == 1:
        return [*torchrun(processes), "--standalone", *script]
    meeting = [f"--nnodes={len(hosts)}", f"--node_rank={host_rank(environment)}", f"--master_addr={hosts[0]}"]
    return [*torchrun(processes), *meeting, f"--master_port={options.port}", *script]


def torchrun(processes: int) -> "list[str]":
    return [sys.executable, "-m", "torch.distributed.run", *LEAVE_OUTPUT, f"--nproc_per_node={processes}"]


def host_rank(environment: Mapping) -> int:
    hosts = json.loads(environment.get("SM_HOSTS", '["localhost"]'))
    return hosts.index(environment.get("SM_CURRENT_HOST", hosts[0]))


def run(command: "list[str]", environment: Mapping) -> int:
    """Runs the command to its end, and returns its exit code. SIGTERM, the notice of a spot interruption, is passed on."""
    process = subprocess.Popen(command, env=environment)
    signal.signal(signal.SIGTERM, lambda number, frame: process.send_signal(signal.SIGTERM))
    code = process.wait()
    return 128 - code if code < 0 else code


def parse_options(arguments: "list[str] | None") -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--checkpoints", type=Path, default=Path("/opt/ml/checkpoints"), help="the run folder")
    parser.add_argument("--scratch", type=Path, default=Path("/tmp/blastograde-dataset"), help="where to unpack")
    parser.add_argument("--cpu-processes", type=int, default=0, help="processes on this host where there is no GPU")
    parser.add_argument("--port", type=int, default=7777, help="where the first host waits for the others")
    # Script mode repeats the hyperparameters as options; SM_HPS has them unharmed by its shell.
    return parser.parse_known_args(arguments)[0]


def main(arguments: "list[str] | None" = None) -> None:
    options = parse_options(arguments)
    environment = dict(os.environ)
    given = hyperparameters(environment)
    if given["network"] not in DISTRIBUTED and host_rank(environment) > 0:
        print(f"The {given['network']} trains on the first host alone.", file=sys.stderr)
        return

    dataset = unpack(Path(setting(environment, "SM_CHANNEL_TRAIN")), given["dataset_sha256"], options.scratch)
    options.checkpoints.mkdir(parents=True, exist_ok=True)
    if "SM_NETWORK_INTERFACE_NAME" in environment:
        for backend in ("NCCL", "GLOO"):
            environment.setdefault(f"{backend}_SOCKET_IFNAME", environment["SM_NETWORK_INTERFACE_NAME"])
    code = run(training_command(environment, options, dataset), environment)
    if code != 0:
        print(f"Training ended with {code}; what {options.checkpoints} holds is gone on with.", file=sys.stderr)
        sys.exit(code)
    if host_rank(environment) == 0:
        leave_model(options.checkpoints, Path(setting(environment, "SM_MODEL_DIR")), given)


def leave_model(run_folder: Path, model: Path, given: dict) -> None:
    """The run folder without what only going on needs, and what was trained on what: the content of model.tar.gz."""
    model.mkdir(parents=True, exist_ok=True)
    for path in run_folder.iterdir():
        if path.is_file() and path.name != "last.pt":
            shutil.copyfile(path, model / path.name)
    (model / "training.json").write_text(json.dumps({name: given[name] for name in sorted(given)}))


if __name__ == "__main__":
    main()
