"""An upload to the network core by wire, whose sender takes the power away as soon as he is told that it is done."""

from bootverify.design.design import Design
from bootverify.design.network import NetworkStage
from bootverify.executor.flash import Power, PowerLost, powered
from bootverify.executor.making import network_build
from bootverify.executor.making.image_format import Version
from bootverify.executor.making.maker import make_image
from bootverify.executor.memory import Ram
from bootverify.executor.network.core import Transfer
from bootverify.executor.network.pcd import REGION
from bootverify.executor.stages.network_update import Mediator, NetworkUpdate

PAGES = 1  # of the copy, erased and written, before the power goes


def cut_short(design: Design, stage: NetworkStage) -> tuple[str, ...]:
    """What happens, in words, where the core then does not hold what was acknowledged; empty where it does, or unknown.

    b0n is taken to be all that lies in front of its application.
    """
    core = network_build.core_for(design, stage)
    if core is None:
        return ()
    payload, head = network_build.released(core, 2), design.soc.header
    file = make_image(payload, version=Version(2), key=None, header_size=head).shipped
    at, said = design.soc.ram.start, list[str]()
    transfer = Transfer(Ram(at, REGION), lambda *_: None, lambda: True)
    mediator = Mediator(NetworkUpdate(core, transfer, lambda _: None, said.append), at + REGION)
    session = mediator.session(file, payload, head, said.append)
    with powered([core.flash], Power(cut_after=2 * PAGES)):
        try:
            session.sends()
        except PowerLost:
            said.append("power goes")
    seen = session.receipt
    if not seen.acknowledged == seen.size > seen.written:
        return ()
    return (
        f"the tool is told that all {seen.size:,} bytes are there",
        f"power goes, and {seen.written:,} of them are in the flash of the network core",
    )
