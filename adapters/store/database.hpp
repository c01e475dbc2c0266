#pragma once

#include "messages/session.hpp"

#include <memory>
#include <string>
#include <vector>

struct sqlite3;
struct sqlite3_stmt;

namespace conductor {

/// One connection to the SQLite file of conversations. Every call may block: for an
/// executor's thread only, one connection a thread. Throws std::runtime_error with
/// SQLite's words.
class database {
public:
  enum class use { write, read };

  /// Opens or creates the file; a writer brings its schema up to date, and marks answers
  /// that a crash cut as interrupted.
  database(const std::string& file, use how);
  ~database();
  database(const database&) = delete;

  /// One transaction: all of these are durable when it returns, or none. Ids of sessions
  /// that were to be changed and are not there.
  std::vector<std::string> write(const std::vector<store_write>& writes,
                                 const std::vector<std::string>& erased);

  /// Writes as much as a message may be, and takes it back: throws where that fails.
  void prove();

  /// Null: there is none of that id.
  session_record_ptr read(const std::string& id);
  session_page list(const store_list& wish);
  /// Of sessions.
  std::uint64_t count();
  /// The session that was created under `key`; empty: none.
  session_ids created_by(const std::string& key);
  /// Some of the sessions that expired by then.
  session_ids expired(wall_time now);
  /// A copy of the whole store as it is at this moment, in a new file.
  void copy_to(const std::string& file);

private:
  class statement;
  class writer;
  void execute(const char* sql);
  void migrate();
  [[noreturn]] void fail(const std::string& what) const;

  sqlite3* handle_ = nullptr;
  std::unique_ptr<writer> writer_; ///< prepared once; null: not yet, or it failed
};

} // namespace conductor
