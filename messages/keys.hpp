#pragma once

#include "messages/key.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/replies_to.hpp>
#include <caf/typed_actor.hpp>

#include <functional>
#include <string>
#include <vector>

/// Keys come, change and go.
namespace conductor {

using key_list = std::vector<api_key>;

/// A new key, with everything that is not made here: id, digest and time are.
struct create_key {
  api_key wish;
};
/// A new secret for that key; the one before counts no longer.
struct rotate_key {
  std::string id;
};
/// The key with its text, which is told this once.
struct made_key {
  api_key key;
  std::string text;
};
/// That key as it is to be from now on: all but id, name, digest, time of creation.
struct change_key {
  std::string id;
  std::function<void(api_key&)> change;
};
/// It lets nobody in any longer, and its name is free. Its record stays until a thousand
/// others were revoked after it.
struct revoke_key {
  std::string id;
};
/// The file may have been changed by another process.
struct reread_keys {};

/// KEYS: who may do what. Every change is on the disk before it counts. Worker, adapter.
using keys_actor = caf::typed_actor<caf::replies_to<create_key>::with<made_key>,
                                    caf::replies_to<rotate_key>::with<made_key>,
                                    caf::replies_to<change_key>::with<api_key>,
                                    caf::replies_to<revoke_key>::with<api_key>,
                                    caf::reacts_to<reread_keys>>;

} // namespace conductor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::api_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::create_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::rotate_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::made_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::change_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::revoke_key)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(conductor::reread_keys)
