#include "adapters/store/store.hpp"

#include <caf/send.hpp>
#include <spdlog/spdlog.h>

#include <exception>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <utility>

namespace conductor {
namespace {

using self_ptr = sqlite_store_actor::stateful_pointer<store_state>;

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

void begin_batch(self_ptr self) {
  auto& st = self->state;
  if (!st.under_way.empty() || st.waiting.empty())
    return;
  st.under_way = std::exchange(st.waiting, {});
  st.files->writer.post(
      [files = st.files, home = caf::actor_cast<sqlite_store_actor>(self),
       writes = std::exchange(st.writes, {}), erased = std::exchange(st.erased, {})] {
        std::string failure;
        try {
          writer_of(*files).write(writes, erased);
        } catch (const std::exception& e) {
          failure = e.what();
        }
        caf::anon_send(home, batch_written{std::move(failure)});
      });
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

} // namespace

sqlite_store_actor::behavior_type store(self_ptr self, store_files* files) {
  self->state.files = files;
  return {
      [self](store_write& w) -> caf::result<stored> {
        auto& st = self->state;
        auto promise = self->make_response_promise<stored>();
        st.writes.push_back(std::move(w));
        st.waiting.push_back(promise);
        begin_batch(self);
        return promise;
      },
      [self](const store_read& r) -> caf::result<session_record_ptr> {
        return read<session_record_ptr>(self, [id = r.id](database& db) {
          auto found = db.read(id);
          if (!found)
            throw make_error(errc::session_not_found, "there is no session " + id);
          return found;
        });
      },
      [self](store_erase& e) -> caf::result<stored> {
        auto& st = self->state;
        auto promise = self->make_response_promise<stored>();
        st.erased.push_back(std::move(e.id));
        st.waiting.push_back(promise);
        begin_batch(self);
        return promise;
      },
      [self](const store_list& wish) -> caf::result<session_page> {
        return read<session_page>(self, [wish](database& db) { return db.list(wish); });
      },
      [](const read_done& done) { done.tell(); },
      [self](const batch_written& done) {
        auto& st = self->state;
        if (!done.failure.empty())
          spdlog::error("the store cannot write: {}", done.failure);
        for (auto& promise : std::exchange(st.under_way, {}))
          if (done.failure.empty())
            promise.deliver(stored{});
          else
            promise.deliver(make_error(errc::store_failed, done.failure));
        begin_batch(self);
      },
  };
}

} // namespace conductor
