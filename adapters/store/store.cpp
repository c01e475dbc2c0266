#include "adapters/store/store.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <utility>

namespace conductor {
namespace {

using self_ptr = sqlite_store_actor::stateful_pointer<store_state>;

constexpr auto between_looks = std::chrono::seconds(2);

database& writer_of(store_files& files) {
  if (!files.writes) {
    if (files.file.empty())
      throw std::runtime_error("store.data_dir is not set");
    std::filesystem::create_directories(std::filesystem::path(files.file).parent_path());
    files.writes = std::make_unique<database>(files.file, database::use::write);
    files.made = true;
  }
  return *files.writes;
}

database& reader_of(store_files& files) {
  if (!files.reads)
    files.reads = std::make_unique<database>(files.file, database::use::read);
  return *files.reads;
}

/// Brings a batch to the writer's thread, which opens the file first where it must.
void write(self_ptr self, std::vector<store_write> writes,
           std::vector<std::string> erased, bool proves = false) {
  auto& st = self->state;
  st.writing = true;
  st.batch_since = self->clock().now();
  st.files->writer.post([files = st.files,
                         home = caf::actor_cast<sqlite_store_actor>(self),
                         writes = std::move(writes), erased = std::move(erased), proves] {
    batch_written result;
    try {
      auto& db = writer_of(*files);
      if (proves)
        db.prove();
      if (!writes.empty() || !erased.empty())
        result.missing = db.write(writes, erased);
    } catch (const std::exception& e) {
      result.failure = e.what();
    }
    caf::anon_send(home, std::move(result));
  });
}

void begin_batch(self_ptr self) {
  auto& st = self->state;
  if (st.writing || st.waiting.empty())
    return;
  st.under_way = std::exchange(st.waiting, {});
  write(self, std::exchange(st.writes, {}), std::exchange(st.erased, {}));
}

/// Tells who waited for a batch what it came to.
void end_batch(self_ptr self, const batch_written& done) {
  auto& st = self->state;
  st.writing = false;
  st.files->write_seconds.observe(
      std::chrono::duration<double>(self->clock().now() - st.batch_since).count());
  if (!done.failure.empty()) {
    ++st.status.failures;
    if (done.failure != st.status.failure)
      spdlog::error("the store cannot write: {}", done.failure);
  } else if (!st.status.failure.empty()) {
    spdlog::info("the store writes again");
  }
  st.status.failure = done.failure;
  if (!done.failure.empty() && !std::exchange(st.looking, true))
    self->delayed_send(self, between_looks, store_look{});
  st.status.writes += st.under_way.size();
  for (auto& w : std::exchange(st.under_way, {})) {
    const auto& none = done.missing;
    if (!done.failure.empty())
      w.reply.deliver(make_error(errc::store_failed, done.failure));
    else if (std::find(none.begin(), none.end(), w.id) != none.end())
      w.reply.deliver(make_error(errc::session_not_found, "there is no session " + w.id));
    else
      w.reply.deliver(stored{});
  }
  begin_batch(self);
}

caf::result<stored> wait_for_batch(self_ptr self, std::string id) {
  auto promise = self->make_response_promise<stored>();
  self->state.waiting.push_back({promise, std::move(id)});
  begin_batch(self);
  return promise;
}

/// Runs `question` on the reader's thread; its answer comes back as a message.
template <class Answer>
caf::result<Answer> read(self_ptr self, std::function<Answer(database&)> question) {
  auto promise = self->make_response_promise<Answer>();
  auto* files = self->state.files;
  auto home = caf::actor_cast<sqlite_store_actor>(self);
  const auto tell = [home, promise](auto answer) {
    caf::anon_send(home, read_done{[promise, answer = std::move(answer)]() mutable {
                     promise.deliver(std::move(answer));
                   }});
  };
  auto job = [files, tell, question = std::move(question)] {
    try {
      tell(question(reader_of(*files)));
    } catch (const caf::error& none) {
      tell(none);
    } catch (const std::exception& e) {
      tell(make_error(errc::store_failed, e.what()));
    }
  };
  if (files->made) {
    files->reader.post(std::move(job));
    return promise;
  }
  files->writer.post([files, tell, job = std::move(job)]() mutable {
    try {
      writer_of(*files);
      files->reader.post(std::move(job));
    } catch (const std::exception& e) {
      tell(make_error(errc::store_failed, e.what()));
    }
  });
  return promise;
}

/// For whoever asks next: nobody waits for a slow disk to be told how it is.
void count_again(self_ptr self) {
  auto& st = self->state;
  if (!st.files->made || std::exchange(st.counting, true))
    return;
  st.files->reader.post(
      [files = st.files, home = caf::actor_cast<sqlite_store_actor>(self)] {
        sessions_counted found;
        try {
          found.number = reader_of(*files).count();
        } catch (const std::exception&) { // the next write tells
        }
        caf::anon_send(home, found);
      });
}

std::string name_of_copy(const store_files& files, std::uint64_t number) {
  return files.file + ".copy-" + std::to_string(number);
}

/// Runs `job` on the copier's thread; its answer comes back as a message.
template <class Answer>
caf::result<Answer> on_copier(self_ptr self, std::function<Answer()> job) {
  auto promise = self->make_response_promise<Answer>();
  self->state.files->copier.post([promise, job = std::move(job),
                                  home = caf::actor_cast<sqlite_store_actor>(self)] {
    std::function<void()> tell;
    try {
      tell = [promise, answer = job()]() mutable { promise.deliver(std::move(answer)); };
    } catch (const std::exception& e) {
      tell = [promise, why = std::string{e.what()}]() mutable {
        promise.deliver(make_error(errc::store_failed, why));
      };
    }
    caf::anon_send(home, read_done{std::move(tell)});
  });
  return promise;
}

/// Makes a copy by a connection of its own.
store_copied make_copy(const store_files& files, std::uint64_t number) {
  const auto to = name_of_copy(files, number);
  std::filesystem::remove(to); // of a node that was killed
  database{files.file, database::use::read}.copy_to(to);
  return {number, std::filesystem::file_size(to)};
}

bytes part_of_copy(const store_files& files, const store_part& part) {
  std::ifstream file(name_of_copy(files, part.copy), std::ios::binary);
  file.seekg(static_cast<std::streamoff>(part.from));
  std::string text(part.most, '\0');
  file.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(file.gcount()));
  if (text.empty())
    throw std::runtime_error("the copy of the store cannot be read");
  return bytes::adopt(std::move(text));
}

} // namespace

sqlite_store_actor::behavior_type store(self_ptr self, store_files* files) {
  self->state.files = files;
  write(self, {}, {}); // a store that cannot be opened is known before it is needed
  return {
      [self](store_write& w) {
        auto id = w.info.id;
        self->state.writes.push_back(std::move(w));
        return wait_for_batch(self, std::move(id));
      },
      [self](const store_read& r) -> caf::result<session_record_ptr> {
        return read<session_record_ptr>(
            self, [id = r.id, budget = self->state.files->budget](database& db) {
              if (budget && budget->exhausted()) // by those that were read meanwhile
                throw make_error(errc::memory_exhausted,
                                 "the node has no memory for another conversation", 1);
              auto found = db.read(id);
              if (!found)
                throw make_error(errc::session_not_found, "there is no session " + id);
              return found;
            });
      },
      [self](const store_erase& e) {
        self->state.erased.push_back(e.id);
        return wait_for_batch(self, {});
      },
      [self](const store_list& wish) -> caf::result<session_page> {
        return read<session_page>(self, [wish](database& db) { return db.list(wish); });
      },
      [self](const store_key& k) -> caf::result<session_ids> {
        return read<session_ids>(
            self, [key = k.key](database& db) { return db.created_by(key); });
      },
      [self](const store_expired& e) -> caf::result<session_ids> {
        return read<session_ids>(self,
                                 [now = e.now](database& db) { return db.expired(now); });
      },
      [self](store_query) {
        count_again(self);
        auto status = self->state.status;
        status.waiting = self->state.waiting.size() + self->state.under_way.size();
        return status;
      },
      [self](sessions_counted found) {
        self->state.counting = false;
        self->state.status.sessions = found.number;
      },
      [self](store_copy) -> caf::result<store_copied> {
        return on_copier<store_copied>(
            self, [files = self->state.files, number = ++self->state.copies] {
              return make_copy(*files, number);
            });
      },
      [self](const store_part& part) -> caf::result<bytes> {
        return on_copier<bytes>(self, [files = self->state.files, part] {
          return part_of_copy(*files, part);
        });
      },
      [self](store_drop_copy drop) {
        self->state.files->copier.post([files = self->state.files, drop] {
          std::error_code ignored;
          std::filesystem::remove(name_of_copy(*files, drop.copy), ignored);
        });
      },
      [](const read_done& done) { done.tell(); },
      [self](const batch_written& done) { end_batch(self, done); },
      [self](store_look) {
        auto& st = self->state;
        st.looking = false;
        if (!st.writing && !st.status.failure.empty())
          write(self, {}, {}, true);
      },
  };
}

} // namespace conductor
