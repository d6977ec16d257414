package import ChainModel
import Glibc
package import Topology

/// Makes a service's database on its first start.
package enum Seeding {
  /// Fills a new file and puts it in its place in one step: a service that is killed meanwhile leaves none behind, and
  /// one that finds it there has nothing to do.
  /// - Parameters:
  ///   - folder: where.
  ///   - fill: makes tables and rows, within one transaction.
  /// - Throws: `store` when the file cannot be written.
  package static func create(
    _ folder: ServiceFolder, fill: (Database) throws(CallError) -> Void
  ) throws(CallError) {
    guard access(folder.databasePath, F_OK) != 0 else { return }
    let draft = "\(folder.databasePath).\(getpid()).new"
    unlink(draft)
    do {
      let database = try Database(creating: draft)
      try database.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
      try fill(database)
      try database.execute("COMMIT")
    }
    guard rename(draft, folder.databasePath) == 0 else {
      throw .store("cannot make \(folder.databasePath): \(String(cString: strerror(errno)))")
    }
  }
}

extension SeedData {
  /// The data that `services.yaml` asks for.
  package init(_ seed: SeedConfiguration) {
    self.init(seed: seed.value, users: seed.users)
  }
}
