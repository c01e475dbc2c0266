#include "adapters/native/backup.hpp"

#include "messages/admission.hpp"

#include <algorithm>
#include <utility>

namespace conductor {
namespace {

using self_ptr = answer_actor::stateful_pointer<backup_state>;

constexpr std::uint64_t largest_part = 256 * 1024;

/// A copy that is being made is waited for: else nobody would remove it.
void end(self_ptr self) {
  auto& st = self->state;
  st.ended = true;
  if (st.copying)
    return;
  if (const auto copy = std::exchange(st.copy, 0); copy != 0)
    self->send(st.store(), store_drop_copy{copy});
  self->quit();
}

void fail(self_ptr self, const caf::error& e) {
  self->send(*self->state.reader, to_failed(e));
  end(self);
}

void read_on(self_ptr self) {
  auto& st = self->state;
  if (st.copy == 0 || st.reading)
    return;
  if (const auto ended = check_key(st.by)) {
    fail(self, ended);
    return;
  }
  if (st.sent == st.size) {
    self->send(*st.reader, complete{});
    end(self);
    return;
  }
  const auto most = std::min(st.demanded, largest_part);
  if (most == 0)
    return;
  st.reading = true;
  self->request(st.store(), caf::infinite, store_part{st.copy, st.sent, most})
      .then(
          [self](bytes& part) {
            auto& st = self->state;
            st.reading = false;
            st.sent += part.size();
            st.demanded -= part.size();
            self->send(*st.reader, next{std::move(part)});
            read_on(self);
          },
          [self](const caf::error& e) { fail(self, e); });
}

void begin(self_ptr self) {
  self->state.copying = true;
  self->request(self->state.store(), caf::infinite, store_copy{})
      .then(
          [self](const store_copied& c) {
            auto& st = self->state;
            st.copying = false;
            st.copy = c.copy;
            if (st.ended) {
              end(self);
              return;
            }
            st.size = c.size;
            auto head = std::make_shared<response_head>();
            head->headers = {
                {"Content-Type", "application/vnd.sqlite3"},
                {"Content-Disposition", "attachment; filename=\"conductor.db\""}};
            head->length = c.size;
            self->send(*st.reader, started{std::move(head)});
            read_on(self);
          },
          [self](const caf::error& e) {
            self->state.copying = false;
            fail(self, e);
          });
}

} // namespace

answer_actor::behavior_type backup(self_ptr self, std::function<store_actor()> store,
                                   grant_ptr by) {
  self->state.store = std::move(store);
  self->state.by = std::move(by);
  self->set_down_handler([self](const caf::down_msg&) { end(self); });
  return {
      [self](subscribe& s) {
        self->state.reader = {self, std::move(s.reader)};
        begin(self);
      },
      [self](demand d) {
        self->state.demanded += d.bytes;
        read_on(self);
      },
      [self](cancel) { end(self); },
      // It has an end of its own.
      [](drain) {},
  };
}

} // namespace conductor
