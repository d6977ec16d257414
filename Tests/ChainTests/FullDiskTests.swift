import ChainModel
import ChainTestSupport
import FoundationEssentials
import Glibc
import Supervisor
import Testing
import Topology

extension ChainTests {
  /// The disk under `runs/` fills while a chain runs: a real one, of a few MiB, mounted for this script alone.
  @Suite struct FullDiskTests {
    private static let canMount =
      system("unshare -m sh -c 'mount --make-rprivate / && mount -t tmpfs -o size=64k tmpfs /tmp' 2> /dev/null") == 0

    private static let script = #"""
      set -eu
      lab() { "$chainlab" "$@" --root "$root"; }
      ask() { curl -sf --max-time 10 "http://127.0.0.1:$port/users/ada/payment-status" > /dev/null; }
      soon() { for _ in $(seq 200); do if "$@" 2> /dev/null; then return 0; fi; sleep 0.05; done; echo "never: $*"; exit 1; }
      fill() { cat /dev/zero > "$root/filler" 2> /dev/null || true; }
      payment() { pgrep -f "payment-service.*$root/runs"; }
      another() { new=$(payment) && test "$new" != "$old"; }
      known() { grep -q "\"pid\" : $new," "$root/runs/current/chain.json"; }
      mount --make-rprivate /
      mount -t tmpfs -o size=16m,mode=700 tmpfs "$root"
      trap 'rm -f "$root/filler"; lab down > /dev/null 2>&1' EXIT
      mkdir "$log/small"
      mount -t tmpfs -o size=8m tmpfs "$log/small"
      lab up --topology "$config" --set "trace_log.directory=$log/small" 2> "$log/up"
      grep -q "$log/small has 8 MiB free, and the trace log may take" "$log/up"
      lab down
      lab up --topology "$config"
      answered=0
      serve() { if ask; then answered=$((answered + 1)); else return 1; fi; }
      serve; serve

      fill
      # The ledger's last page still has room for some lines, and then for a part of one.
      for _ in $(seq 80); do serve || break; done
      if serve; then echo "answered without a line in the ledger"; exit 1; fi
      old=$(payment); kill -9 $old; soon another
      lab fault gateway latency=1ms
      lab audit > /dev/null
      rm "$root/filler"
      soon known
      soon serve
      grep -q "cannot be written; it is tried again" "$root/runs/current/supervisor.log" || echo "said: no (the disk was full)"

      fill
      if lab down 2> "$log/down"; then echo "down said nothing of the log"; exit 1; fi
      grep -q "No space left on device; the trace log stays at" "$log/down"
      if pgrep -f "$root/runs"; then echo "processes are left"; exit 1; fi
      lab audit > /dev/null
      rm "$root/filler"
      lab down
      test -s "$root/runs/current/trace.log"
      lab audit
      whole=$(awk -F, 'NR == 1 { fields = NF; size = length } NF == fields && length > size - 8' \
        "$root/runs/current/data/ledger.csv" | wc -l)
      test "$whole" -eq "$answered" || test "$whole" -eq $((answered + 1))
      """#

    @Test(
      .enabled(if: canMount, "NOT PROVED HERE: this machine lets nobody mount a file system"), .timeLimit(.minutes(2)))
    func aDiskThatFillsStopsNoChainAndLosesNoLog() async throws {
      let folder = FileManager.default.temporaryDirectory.appending(path: "chainlab-full-\(UUID().uuidString)").path
      for name in ["root", "log"] {
        try FileManager.default.createDirectory(atPath: "\(folder)/\(name)", withIntermediateDirectories: true)
      }
      defer { try? FileManager.default.removeItem(atPath: folder) }
      let topology = LiveChain.topology()
      try Data(topology.yaml().utf8).write(to: URL(filePath: "\(folder)/services.yaml"))
      try Data(Self.script.utf8).write(to: URL(filePath: "\(folder)/script"))
      var environment = ProcessInfo.processInfo.environment
      environment["CHAINLAB_ROOT"] = nil
      environment["root"] = "\(folder)/root"
      environment["log"] = "\(folder)/log"
      environment["config"] = "\(folder)/services.yaml"
      environment["chainlab"] = "\(LiveChain.binaries)/chainlab"
      environment["port"] = "\(topology[.gateway].port)"
      let child = try Command(
        executable: "/usr/bin/env", arguments: ["unshare", "-m", "sh", "-x", "\(folder)/script"],
        environment: environment, output: "\(folder)/said"
      ).spawn()
      var end: ProcessEnd?
      _ = await eventually(within: .seconds(90)) {
        end = child.poll()
        return end != nil
      }
      if end == nil { child.end() }
      let said = (try? String(contentsOfFile: "\(folder)/said", encoding: .utf8)) ?? ""
      #expect(end == .exited(0), "\(said.suffix(3_000))")
    }
  }
}
