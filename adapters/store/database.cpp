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
)",
                                 R"(
ALTER TABLE session ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
UPDATE session SET settings = json_patch(
  CASE options WHEN '' THEN '{}' ELSE json_object('options', json(options)) END,
  CASE keep_alive WHEN '' THEN '{}' ELSE json_object('keep_alive', json(keep_alive)) END);
ALTER TABLE session DROP COLUMN options;
ALTER TABLE session DROP COLUMN keep_alive;
ALTER TABLE session ADD COLUMN metadata TEXT NOT NULL DEFAULT '{}';
ALTER TABLE session ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN key_digest INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN forked_from TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN forked_at INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN time_to_live INTEGER NOT NULL DEFAULT 0;
ALTER TABLE session ADD COLUMN version INTEGER NOT NULL DEFAULT 1;
ALTER TABLE session ADD COLUMN trimmed INTEGER NOT NULL DEFAULT 0;
CREATE INDEX session_by_key ON session(key) WHERE key <> '';
CREATE INDEX session_by_expiry ON session(updated + time_to_live) WHERE time_to_live > 0;
ALTER TABLE message ADD COLUMN tool_calls TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN model TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN settings TEXT NOT NULL DEFAULT '{}';
ALTER TABLE message ADD COLUMN key TEXT NOT NULL DEFAULT '';
ALTER TABLE message ADD COLUMN first_event INTEGER NOT NULL DEFAULT 0;
ALTER TABLE message ADD COLUMN tokens INTEGER NOT NULL DEFAULT 0;
)",
                                 R"(
ALTER TABLE session ADD COLUMN owner TEXT NOT NULL DEFAULT '';
CREATE INDEX session_by_owner ON session(owner, updated DESC, id DESC);
)"};
constexpr const char* session_columns =
    "id,model,title,system,settings,metadata,key,key_digest,forked_from,forked_at,"
    "created,updated,time_to_live,version,reserved,trimmed,owner";
constexpr const char* message_columns =
    "seq,role,content,thinking,tool_calls,wire,model,settings,state,error,key,created,"
    "first_event,tokens,prompt_tokens,answer_tokens";
constexpr int version = std::size(steps);

} // namespace

/// A prepared statement with its values, from the first column on.
class database::statement {
public:
  statement(database& db, const std::string& sql) : db_(db) {
    if (sqlite3_prepare_v2(db.handle_, sql.c_str(), -1, &made_, nullptr) != SQLITE_OK)
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
  statement& bind(std::uint64_t number) {
    return bind(static_cast<std::int64_t>(number));
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
  std::uint64_t count() { return static_cast<std::uint64_t>(number()); }

private:
  database& db_;
  sqlite3_stmt* made_ = nullptr;
  int bound_ = 0;
  int column_ = 0;
};

namespace {

/// `?,?,?`, as many as there are names.
std::string marks(std::string_view columns) {
  std::string text = "?";
  for (const char c : columns)
    if (c == ',')
      text += ",?";
  return text;
}

/// `name=?,name=?`
std::string assignments(std::string_view columns) {
  std::string text;
  for (const char c : columns)
    text += c == ',' ? std::string{"=?,"} : std::string{c};
  return text + "=?";
}

} // namespace

/// The statements of a transaction.
class database::writer {
public:
  explicit writer(database& db)
      : db_(db)
      , insert_(db, std::string{"INSERT INTO session("} + session_columns + ") VALUES(" +
                        marks(session_columns) + ")")
      , update_(db, "UPDATE session SET " + assignments(session_columns) + " WHERE id=?")
      , message_(db, std::string{"INSERT OR REPLACE INTO message("} + message_columns +
                         ",session) VALUES(" + marks(message_columns) + ",?)")
      , cut_(db, "DELETE FROM message WHERE session=? AND seq>?")
      , erase_(db, "DELETE FROM session WHERE id=?") {}

  /// False where the session is to be changed and is not there.
  bool write(const store_write& w) {
    if (w.creates)
      run(bind(insert_, w.info));
    else
      run(bind(update_, w.info).bind(w.info.id));
    if (!w.creates && sqlite3_changes(db_.handle_) == 0)
      return false;
    if (w.keep)
      run(cut_.bind(w.info.id).bind(*w.keep));
    for (const auto& m : w.messages)
      run(bind(message_, m).bind(w.info.id));
    return true;
  }
  void erase(const std::string& id) { run(erase_.bind(id)); }

private:
  static void run(statement& s) {
    s.step();
    s.again();
  }
  static statement& bind(statement& s, const session_info& i) {
    return s.bind(i.id)
        .bind(i.model)
        .bind(i.title)
        .bind(i.system)
        .bind(i.settings)
        .bind(i.metadata)
        .bind(i.key)
        .bind(i.key_digest)
        .bind(i.forked_from)
        .bind(i.forked_at)
        .bind(i.created)
        .bind(i.updated)
        .bind(i.time_to_live)
        .bind(i.version)
        .bind(i.reserved)
        .bind(i.trimmed)
        .bind(i.owner);
  }
  static statement& bind(statement& s, const session_message& m) {
    return s.bind(m.seq)
        .bind(m.role)
        .bind(m.content)
        .bind(m.thinking)
        .bind(m.tool_calls)
        .bind(m.wire)
        .bind(m.model)
        .bind(m.settings)
        .bind(std::string_view{to_string(m.state)})
        .bind(m.error)
        .bind(m.key)
        .bind(m.created)
        .bind(m.first_event)
        .bind(m.tokens)
        .bind(m.used.prompt_tokens)
        .bind(m.used.answer_tokens);
  }

  database& db_;
  statement insert_;
  statement update_;
  statement message_;
  statement cut_;
  statement erase_;
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
  writer_.reset();
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

/// Two transactions: what one adds and removes is never written.
void database::prove() {
  try {
    execute("BEGIN IMMEDIATE; DROP TABLE IF EXISTS room; CREATE TABLE room(filler BLOB);"
            "INSERT INTO room VALUES(zeroblob(262144)); COMMIT");
  } catch (...) {
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
  execute("DROP TABLE room");
}

std::vector<std::string> database::write(const std::vector<store_write>& writes,
                                         const std::vector<std::string>& erased) {
  std::vector<std::string> missing;
  execute("BEGIN IMMEDIATE");
  try {
    if (!writer_)
      writer_ = std::make_unique<writer>(*this);
    for (const auto& one : writes)
      if (!writer_->write(one))
        missing.push_back(one.info.id);
    for (const auto& id : erased)
      writer_->erase(id);
    execute("COMMIT");
  } catch (...) {
    writer_.reset(); // a statement may have stopped on its way
    sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
    throw;
  }
  return missing;
}

namespace {

template <class Row>
session_info info_of(Row& row) {
  session_info i;
  i.id = row.text();
  i.model = row.text();
  i.title = row.text();
  i.system = row.text();
  i.settings = row.text();
  i.metadata = row.text();
  i.key = row.text();
  i.key_digest = row.count();
  i.forked_from = row.text();
  i.forked_at = row.count();
  i.created = row.number();
  i.updated = row.number();
  i.time_to_live = row.number();
  i.version = row.count();
  i.reserved = row.count();
  i.trimmed = row.count();
  i.owner = row.text();
  return i;
}

template <class Row>
session_message message_of(Row& row) {
  session_message m;
  m.seq = row.count();
  m.role = row.text();
  m.content = row.text();
  m.thinking = row.text();
  m.tool_calls = row.text();
  m.wire = row.text();
  m.model = row.text();
  m.settings = row.text();
  m.state = message_state_of(row.text()).value_or(message_state::failed);
  m.error = row.text();
  m.key = row.text();
  m.created = row.number();
  m.first_event = row.count();
  m.tokens = row.count();
  m.used.prompt_tokens = row.count();
  m.used.answer_tokens = row.count();
  return m;
}

} // namespace

session_record_ptr database::read(const std::string& id) {
  execute("BEGIN"); // both reads see the same moment
  session_record_ptr found;
  try {
    statement session{*this, std::string{"SELECT "} + session_columns +
                                 " FROM session WHERE id=?"};
    if (session.bind(id).step()) {
      auto record = std::make_shared<session_record>();
      record->info = info_of(session);
      statement rows{*this, std::string{"SELECT "} + message_columns +
                                " FROM message WHERE session=? ORDER BY seq"};
      rows.bind(id);
      while (rows.step())
        record->messages.push_back(message_of(rows));
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
  std::string sql = std::string{"SELECT "} + session_columns +
                    " FROM session WHERE (time_to_live=0 OR updated+time_to_live>?)";
  if (wish.owner)
    sql += " AND owner=?";
  if (wish.before > 0)
    sql += " AND (updated,id)<(?,?)";
  if (!wish.model.empty())
    sql += " AND model=?";
  if (!wish.title_part.empty())
    sql += " AND instr(lower(title),lower(?))>0";
  for (std::size_t i = 0; i < wish.metadata.size(); ++i)
    sql += " AND EXISTS(SELECT 1 FROM json_each(metadata) WHERE key=? AND "
           "CAST(value AS TEXT)=?)";
  statement rows{*this, sql + " ORDER BY updated DESC, id DESC LIMIT ?"};
  rows.bind(wish.now);
  if (wish.owner)
    rows.bind(*wish.owner);
  if (wish.before > 0)
    rows.bind(wish.before).bind(wish.before_id);
  if (!wish.model.empty())
    rows.bind(wish.model);
  if (!wish.title_part.empty())
    rows.bind(wish.title_part);
  for (const auto& [key, value] : wish.metadata)
    rows.bind(key).bind(value);
  rows.bind(static_cast<std::uint64_t>(wish.limit));
  constexpr std::size_t large = 8u << 20; // bytes
  session_page page;
  std::size_t bytes = 0;
  while (!page.more && rows.step()) {
    const auto& i = page.sessions.emplace_back(info_of(rows));
    bytes += i.system.size() + i.settings.size() + i.metadata.size();
    page.more = bytes >= large || page.sessions.size() == wish.limit;
  }
  return page;
}

std::uint64_t database::count() {
  statement rows{*this, "SELECT count(*) FROM session"};
  return rows.step() ? rows.count() : 0;
}

session_ids database::created_by(const std::string& key) {
  statement rows{*this, "SELECT id FROM session WHERE key=? AND key<>''"};
  session_ids ids;
  rows.bind(key);
  while (rows.step())
    ids.push_back(rows.text());
  return ids;
}

session_ids database::expired(wall_time now) {
  statement rows{*this, "SELECT id FROM session WHERE time_to_live>0 AND "
                        "updated+time_to_live<=? LIMIT 200"};
  session_ids ids;
  rows.bind(now);
  while (rows.step())
    ids.push_back(rows.text());
  return ids;
}

void database::copy_to(const std::string& file) {
  statement{*this, "VACUUM INTO ?"}.bind(file).step();
}

} // namespace conductor
