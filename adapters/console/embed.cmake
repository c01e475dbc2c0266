# Writes TO, a source with all files of FOLDER in it: cmake -DFOLDER=… -DTO=… -P embed.cmake
file(GLOB names RELATIVE ${FOLDER} ${FOLDER}/*.gz)
list(SORT names)
set(type_html "text/html; charset=utf-8")
set(type_js "text/javascript; charset=utf-8")
set(type_css "text/css; charset=utf-8")
set(type_svg "image/svg+xml")
set(type_txt "text/plain; charset=utf-8")
set(files "")
foreach(name IN LISTS names)
  string(REGEX REPLACE "\\.gz$" "" path ${name})
  string(REGEX REPLACE ".*\\." "" kind ${path})
  if(NOT DEFINED type_${kind})
    message(FATAL_ERROR "${name}: a type for .${kind} is missing in embed.cmake")
  endif()
  file(SHA256 ${FOLDER}/${name} hash)
  string(SUBSTRING ${hash} 0 16 hash)
  file(READ ${FOLDER}/${name} bytes HEX)
  string(LENGTH ${bytes} digits)
  math(EXPR size "${digits} / 2")
  string(REGEX REPLACE "(..)" "\\\\x\\1" bytes ${bytes})
  # A line of a source should have an end.
  string(REGEX REPLACE "(................................................................)"
         "\\1\"\n\"" bytes "${bytes}")
  string(APPEND files "    {\"${path}\", \"${type_${kind}}\", \"\\\"${hash}\\\"\",\n"
                      "     {\"${bytes}\", ${size}}},\n")
endforeach()
file(WRITE ${TO} "// Made by embed.cmake of adapters/console/assets.
#include \"adapters/console/console.hpp\"

namespace conductor {

const std::vector<console_file>& console_files() {
  static const std::vector<console_file> all{
${files}  };
  return all;
}

} // namespace conductor
")
