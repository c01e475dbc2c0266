#pragma once

#include <string>
#include <string_view>

namespace conductor::cli {

/// A file that appears under its name only when it is whole and on the disk. Until then
/// it is NAME.partial; what is not finished is removed. Only its owner may read it. All
/// functions throw failure.
class new_file {
public:
  /// An existing regular file is replaced, or it is refused; anything else is refused.
  new_file(std::string path, bool replace);
  ~new_file();
  new_file(const new_file&) = delete;
  new_file& operator=(const new_file&) = delete;

  void write(std::string_view bytes);

  /// Gives the file its name.
  void finish();

private:
  [[noreturn]] void fail(int error) const;
  void rename() const;

  std::string path_, partial_;
  bool replace_;
  int descriptor_ = -1;
};

} // namespace conductor::cli
