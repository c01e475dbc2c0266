#include "adapters/store/database.hpp"

#include <sqlite3.h>

#include <stdexcept>
#include <string_view>

namespace conductor {
namespace {

/// Schema, step by step: a file of version n has had the first n.
constexpr const char* steps[] = {R"(
CREATE TABLE session(
  id TEXT PRIMARY KEY, model TEXT NOT NULL, title TEXT NOT NULL, system TEXT NOT NULL,
  options TEXT NOT NULL, keep_alive TEXT NOT NULL, created INTEGER NOT NULL,
  updated INTEGER NOT NULL, reserved INTEGER NOT NULL) WITHOUT ROWID;
CREATE INDEX session_by_update ON session(updated DESC, id DESC);
CREATE TABLE message(
  session TEXT NOT NULL REFERENCES session(id) ON DELETE CASCADE, seq INTEGER NOT NULL,
  role TEXT NOT NULL, content TEXT NOT NULL, thinking TEXT NOT NULL, wire TEXT NOT NULL,
  state TEXT NOT NULL, error TEXT NOT NULL, created INTEGER NOT NULL,
  prompt_tokens INTEGER NOT NULL, answer_tokens INTEGER NOT NULL,
  PRIMARY KEY(session, seq)) WITHOUT ROWID;
CREATE INDEX message_open ON message(state) WHERE state IN ('queued', 'streaming');
)"};
constexpr int version = std::size(steps);

} // namespace

/// A prepared statement with its values, from the first column on.
class database::statement {
public:
  statement(database& db, const char* sql) : db_(db) {
    if (sqlite3_prepare_v2(db.handle_, sql, -1, &made_, nullptr) != SQLITE_OK)
      db.fail("prepare");
  }
  ~statement() { sqlite3_finalize(made_); }
  statement(const statement&) = delete;

  statement& bind(std::string_view text) {
    sqlite3_bind_text64(made_, ++bound_, text.data(), text.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
    return *this;
  }
  statement& bind(std::int64_t number) {
    sqlite3_bind_int64(made_, ++bound_, number);
    return *this;
  }
  /// True while there is a row.
  bool step() {
    const auto result = sqlite3_step(made_);
    if (result != SQLITE_ROW && result != SQLITE_DONE)
      db_.fail("step");
    column_ = 0;
    return result == SQLITE_ROW;
  }
  void again() {
    sqlite3_reset(made_);
    bound_ = 0;
  }
  std::string text() {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(made_, column_));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(made_, column_++));
    return data == nullptr ? std::string{} : std::string{data, size};
  }
  std::int64_t number() { return sqlite3_column_int64(made_, column_++); }

private:
  database& db_;
  sqlite3_stmt* made_ = nullptr;
  int bound_ = 0;
  int column_ = 0;
};

database::database(const std::string& file, use how) {
  const int flags = how == use::write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                      : SQLITE_OPEN_READONLY;
  if (sqlite3_open_v2(file.c_str(), &handle_, flags | SQLITE_OPEN_NOMUTEX, nullptr) !=
      SQLITE_OK) {
    const std::string why = handle_ != nullptr ? sqlite3_errmsg(handle_) : "no memory";
    sqlite3_close(handle_);
    throw std::runtime_error("cannot open " + file + ": " + why);
  }
  sqlite3_busy_timeout(handle_, 5000);
  if (how == use::read)
    return;
  try {
    execute("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON");
    migrate();
    execute("UPDATE message SET state='interrupted' WHERE state IN "
            "('queued','streaming')");
  } catch (...) {
    sqlite3_close(handle_);
    throw;
  }
}

database::~database() {
  sqlite3_close(handle_);
}

void database::fail(const std::string& what) const {
  throw std::runtime_error("SQLite " + what + ": " + sqlite3_errmsg(handle_));
}

void database::execute(const char* sql) {
  if (sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr) != SQLITE_OK)
    fail("execute");
}

void database::migrate() {
  statement ask{*this, "PRAGMA user_version"};
  ask.step();
  const auto has = ask.number();
  if (has > version)
    throw std::runtime_error("the store has schema version " + std::to_string(has) +
                             ", this program knows up to " + std::to_string(version));
  for (auto i = has; i < version; ++i) {
    const auto sql = "BEGIN;" + std::string{steps[i]} +
                     ";PRAGMA user_version=" + std::to_string(i + 1) + ";COMMIT";
    ask.again();
    execute(sql.c_str());
  }
}

void database::write(const std::vector<store_write>& writes,
                     const std::vector<std::string>& erased) {
  execute("BEGIN IMMEDIATE");
  try {
    statement session{*this,
                      "INSERT INTO session VALUES(?,?,?,?,?,?,?,?,?) ON CONFLICT(id) "
                      "DO UPDATE SET model=excluded.model, title=excluded.title, "
                      "system=excluded.system, options=excluded.options, "
                      "keep_alive=excluded.keep_alive, updated=excluded.updated, "
                      "reserved=excluded.reserved"};
    statement message{*this,
                      "INSERT OR REPLACE INTO message VALUES(?,?,?,?,?,?,?,?,?,?,?)"};
    for (const auto& w : writes) {
      const auto& i = w.info;
      session.bind(i.id).bind(i.model).bind(i.title).bind(i.system).bind(i.options);
      session.bind(i.keep_alive).bind(i.created).bind(i.updated);
      session.bind(static_cast<std::int64_t>(i.reserved)).step();
      session.again();
      for (const auto& m : w.messages) {
        message.bind(i.id).bind(static_cast<std::int64_t>(m.seq)).bind(m.role);
        message.bind(m.content).bind(m.thinking).bind(m.wire).bind(to_string(m.state));
        message.bind(m.error).bind(m.created);
        message.bind(static_cast<std::int64_t>(m.used.prompt_tokens));
        message.bind(static_cast<std::int64_t>(m.used.answer_tokens)).step();
        message.again();
      }
    }
    statement erase{*this, "DELETE FROM session WHERE id=?"};
    for (const auto& id : erased) {
      erase.bind(id).step();
      erase.again();
    }
    execute("COMMIT");
  } catch (...) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
}

namespace {

template <class Row>
session_info info_of(Row& row) {
  session_info i;
  i.id = row.text();
  i.model = row.text();
  i.title = row.text();
  i.system = row.text();
  i.options = row.text();
  i.keep_alive = row.text();
  i.created = row.number();
  i.updated = row.number();
  i.reserved = static_cast<std::uint64_t>(row.number());
  return i;
}

} // namespace

session_record_ptr database::read(const std::string& id) {
  execute("BEGIN"); // both reads see the same moment
  session_record_ptr found;
  try {
    statement session{*this, "SELECT * FROM session WHERE id=?"};
    if (session.bind(id).step()) {
      auto record = std::make_shared<session_record>();
      record->info = info_of(session);
      statement rows{*this, "SELECT seq,role,content,thinking,wire,state,error,created,"
                            "prompt_tokens,answer_tokens FROM message WHERE session=? "
                            "ORDER BY seq"};
      rows.bind(id);
      while (rows.step()) {
        auto& m = record->messages.emplace_back();
        m.seq = static_cast<std::uint64_t>(rows.number());
        m.role = rows.text();
        m.content = rows.text();
        m.thinking = rows.text();
        m.wire = rows.text();
        m.state = message_state_of(rows.text()).value_or(message_state::failed);
        m.error = rows.text();
        m.created = rows.number();
        m.used.prompt_tokens = static_cast<std::uint64_t>(rows.number());
        m.used.answer_tokens = static_cast<std::uint64_t>(rows.number());
      }
      found = std::move(record);
    }
  } catch (...) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
  execute("COMMIT");
  return found;
}

session_page database::list(const store_list& wish) {
  statement rows{*this,
                 "SELECT * FROM session WHERE ?1=0 OR (updated,id)<(?1,?2) ORDER BY "
                 "updated DESC, id DESC LIMIT ?3"};
  rows.bind(wish.before).bind(wish.before_id).bind(static_cast<std::int64_t>(wish.limit));
  session_page page;
  while (rows.step())
    page.sessions.push_back(info_of(rows));
  return page;
}

} // namespace conductor
