#pragma once

#include "messages/session.hpp"

#include <cstdint>
#include <string>

/// What clients are told of sessions: one JSON value each, without a newline.
namespace conductor {

/// Value of "export" in an exported document.
inline constexpr const char* export_mark = "conductor.session/1";

std::string to_json(const session_event& event);
/// The session and its messages; images are counted.
std::string to_json(const session_record& record);
/// One message, with its images.
std::string to_json(const session_message& message);
/// `{"sessions": […], "next": …}`; `next` is null on the last page.
std::string to_json(const session_page& page);
/// All of it, as `POST /conductor/v1/sessions` takes it.
std::string export_json(const session_record& record);
/// For people to read.
std::string export_markdown(const session_record& record);

} // namespace conductor
