#include "adapters/cli/markdown/markdown.hpp"

#include "adapters/cli/markdown/layout.hpp"

namespace conductor::cli {

namespace {

markdown_layout& of(void* user) {
  return *static_cast<markdown_layout*>(user);
}

} // namespace

lines markdown_lines(std::string_view text, std::size_t columns) {
  // md4c 0.4.8 looks at what stands behind the text for the end of a link that has none,
  // and then takes for text all that follows in memory.
  const auto own = std::string(text) + "\n";
  markdown_layout all(columns, own);
  MD_PARSER parser{};
  parser.flags = MD_DIALECT_GITHUB | MD_FLAG_NOHTML | MD_FLAG_NOINDENTEDCODEBLOCKS;
  parser.enter_block = [](MD_BLOCKTYPE t, void* d, void* u) {
    return of(u).enter(t, d), 0;
  };
  parser.leave_block = [](MD_BLOCKTYPE t, void*, void* u) { return of(u).leave(t), 0; };
  parser.enter_span = [](MD_SPANTYPE t, void* d, void* u) {
    return of(u).enter(t, d), 0;
  };
  parser.leave_span = [](MD_SPANTYPE t, void*, void* u) { return of(u).leave(t), 0; };
  parser.text = [](MD_TEXTTYPE t, const MD_CHAR* s, MD_SIZE n, void* u) {
    return of(u).text(t, s, n), 0;
  };
  md_parse(own.data(), static_cast<MD_SIZE>(own.size()), &parser, &all);
  return all.rows();
}

} // namespace conductor::cli
