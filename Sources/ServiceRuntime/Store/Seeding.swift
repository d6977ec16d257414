package import ChainModel
import Glibc
package import Topology

/// Makes a service's database on its first start.
package enum Seeding {
  /// Fills a new file and puts it in its place in one step: a service that is killed meanwhile leaves none behind, and
  /// one that finds it there has nothing to do. It is kept: should somebody remove it, it is made anew.
  /// - Parameters:
  ///   - folder: where.
  ///   - fill: makes tables and rows, within one transaction.
  /// - Throws: `store` when the file cannot be written.
  package static func create(
    _ folder: ServiceFolder, fill: @escaping @Sendable (Database) throws(CallError) -> Void
  ) throws(CallError) {
    try make(folder, fill)
    folder.keeper.keep(folder.databasePath) {
      do throws(CallError) {
        // No further up: whether the run is to be there at all is not for a service to say.
        if access(folder.databasePath, F_OK) != 0 { mkdir(folder.path, 0o755) }
        try make(folder, fill)
        return nil
      } catch {
        return error.row.detail
      }
    }
  }

  private static func make(_ folder: ServiceFolder, _ fill: (Database) throws(CallError) -> Void) throws(CallError) {
    guard access(folder.databasePath, F_OK) != 0 else { return }
    let draft = "\(folder.databasePath).\(getpid()).new"
    unlink(draft)
    do throws(CallError) {
      let database = try Database(creating: draft)
      try database.execute("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; BEGIN")
      try fill(database)
      try database.execute("COMMIT")
      guard rename(draft, folder.databasePath) == 0 else {
        throw .store("cannot make \(folder.databasePath): \(String(cString: strerror(errno)))")
      }
    } catch {
      unlink(draft)
      throw error
    }
  }
}

extension SeedData {
  /// The data that `services.yaml` asks for.
  package init(_ seed: SeedConfiguration) {
    self.init(seed: seed.value, users: seed.users)
  }
}
