"""The parts of a storm, in their order."""

from storms.kills import kills
from storms.scarcity import descriptors, ports, removed
from storms.disks import full, readonly

PARTS = {
    "kills": kills, "descriptors": descriptors, "ports": ports, "removed": removed, "full": full, "readonly": readonly,
}
