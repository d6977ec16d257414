// swift-tools-version: 6.2
import PackageDescription

// The map (see README.md): services and instruments stand on one foundation and never import each other.
let atomics: Target.Dependency = .product(name: "Atomics", package: "swift-atomics")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let arguments: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let foundation: [Target.Dependency] = ["ChainModel", "EventLoop", "Topology", "TraceLog"]

// Observed: each service's folder, and the program that is built of it.
let services = [
  (folder: "Gateway", program: "gateway"),
  (folder: "UserService", program: "user-service"),
  (folder: "OrderService", program: "order-service"),
  (folder: "PaymentService", program: "payment-service"),
  // Any other service, from its description.
  (folder: "Service", program: "service"),
]

let package = Package(
  name: "chainlab",
  products: [.executable(name: "chainlab", targets: ["ChainCLI"])]
    + services.map { .executable(name: $0.program, targets: [$0.folder]) },
  dependencies: [
    .package(url: "https://github.com/apple/swift-atomics", from: "1.3.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    // C libraries and the few system calls Swift cannot see by itself.
    .systemLibrary(name: "CCurl", providers: [.apt(["libcurl4-openssl-dev"])]),
    .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPlatform"),

    // The foundation.
    .target(name: "ChainModel", dependencies: ["CPlatform"]),
    .target(name: "EventLoop", dependencies: ["ChainModel", "CPlatform"]),
    // The lab's own services.yaml, inside the executables.
    .target(name: "CTopology"),
    .target(name: "Topology", dependencies: ["ChainModel", "CTopology", .product(name: "Yams", package: "Yams")]),
    .target(
      name: "TraceLog",
      dependencies: ["ChainModel", "CPlatform", atomics]),

    // What the services stand on.
    .target(
      name: "ServiceRuntime",
      dependencies: foundation + [atomics, logging, "CCurl", "CSQLite", "CPlatform"]),

    // Instruments.
    .target(name: "KernelView", dependencies: ["ChainModel", "TraceLog", "CPlatform"]),
    .target(name: "CascadeAnalysis", dependencies: ["ChainModel", "TraceLog"]),
    .target(name: "TraceExport", dependencies: ["ChainModel", "TraceLog", "CSQLite", "CZlib"]),
    .target(
      name: "LoadGenerator",
      dependencies: foundation + [.product(name: "Histogram", package: "hdrhistogram-swift"), "CPlatform"]),
    .target(name: "ChainSimulator", dependencies: foundation),
    .target(name: "Supervisor", dependencies: foundation + [logging, "CCurl", "CPlatform"]),
    // The page's files, as they are, inside the executable.
    .target(name: "CPage", exclude: ["files"]),
    // Claims as experiments: their files, inside the executable too.
    .target(name: "CLessons", exclude: ["lessons"]),
    .target(name: "Lessons", dependencies: ["CLessons"] + foundation),
    .target(name: "Dashboard", dependencies: ["CascadeAnalysis", "CPage", "KernelView", "Lessons"] + foundation),
    // What combines instruments.
    .target(
      name: "Experiments",
      dependencies: [
        "CascadeAnalysis", "ChainSimulator", "Dashboard", "KernelView", "Lessons", "LoadGenerator", "Supervisor",
        "TraceExport",
      ] + foundation),
    .executableTarget(
      name: "ChainCLI",
      dependencies: [
        "CascadeAnalysis", "ChainSimulator", "Dashboard", "Experiments", "KernelView", "Lessons", "LoadGenerator",
        "Supervisor", "TraceExport", "CCurl", arguments,
      ] + foundation),

    // Tests.
    .target(
      name: "ChainTestSupport",
      dependencies: [
        "ServiceRuntime", "CascadeAnalysis", "KernelView", "LoadGenerator", "Supervisor", "CCurl", "CPlatform",
      ]
        + foundation),
    .testTarget(name: "ChainModelTests", dependencies: ["ChainModel"]),
    .testTarget(name: "EventLoopTests", dependencies: ["ChainTestSupport", "EventLoop", "ChainModel"]),
    .testTarget(name: "TopologyTests", dependencies: ["Topology", "ChainModel"]),
    .testTarget(name: "TraceLogTests", dependencies: ["TraceLog", "ChainModel", "CPlatform"]),
    .testTarget(
      name: "ServiceRuntimeTests",
      dependencies: [
        "ChainTestSupport", "ServiceRuntime", "CascadeAnalysis", "KernelView", "Supervisor", "CPlatform", logging,
      ] + foundation),
    .testTarget(name: "CascadeAnalysisTests", dependencies: ["CascadeAnalysis", "ChainModel", "TraceLog"]),
    .testTarget(name: "KernelViewTests", dependencies: ["KernelView", "ChainModel", "TraceLog", "CPlatform"]),
    .testTarget(
      name: "TraceExportTests",
      dependencies: ["TraceExport", "CascadeAnalysis", "ChainModel", "TraceLog", "CSQLite"]),
    .testTarget(
      name: "DashboardTests",
      dependencies: [
        "Dashboard", "ChainTestSupport", "CascadeAnalysis", "ChainSimulator", "LoadGenerator", "Lessons", "Supervisor",
        "TraceExport", "CSQLite",
      ] + foundation),
    .testTarget(name: "LessonsTests", dependencies: ["Lessons"] + foundation),
    .testTarget(
      name: "LoadGeneratorTests", dependencies: ["ChainTestSupport", "LoadGenerator"] + foundation),
    .testTarget(
      name: "ChainSimulatorTests",
      dependencies: ["ChainSimulator", "ChainTestSupport", "CascadeAnalysis", "TraceExport"] + foundation),
    .testTarget(
      name: "ExperimentsTests",
      dependencies: ["Experiments", "CascadeAnalysis", "ChainSimulator", "Dashboard", "Lessons", "Supervisor"]
        + foundation),
    .testTarget(name: "SupervisorTests", dependencies: ["Supervisor", "ChainTestSupport"] + foundation),
    .testTarget(
      name: "ChainTests",
      dependencies: [
        "ChainTestSupport", "CascadeAnalysis", "KernelView", "Lessons", "LoadGenerator", "Supervisor", "CCurl",
      ] + foundation),
  ] + services.map { .executableTarget(name: $0.folder, dependencies: ["ServiceRuntime"] + foundation) }
)

for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .treatAllWarnings(as: .error),
  ]
}
