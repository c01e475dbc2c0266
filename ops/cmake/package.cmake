# The Debian package (ops/package): what is installed where, and what CPack makes of it.
set(ops ${CMAKE_CURRENT_SOURCE_DIR}/ops)
set(made ${CMAKE_CURRENT_BINARY_DIR}/package)

# What the program says of itself.
set(pages "")
foreach(page "man;conductor.1" "completion bash;bash" "completion zsh;zsh" "completion fish;fish")
  list(GET page 0 words)
  list(GET page 1 file)
  separate_arguments(words)
  add_custom_command(OUTPUT ${made}/${file} DEPENDS conductor
    COMMAND conductor ${words} > ${made}/${file})
  list(APPEND pages ${made}/${file})
endforeach()
add_custom_command(OUTPUT ${made}/conductor.1.gz DEPENDS ${made}/conductor.1
  COMMAND gzip -9nkf ${made}/conductor.1)
add_custom_command(OUTPUT ${made}/changelog.gz DEPENDS ${made}/changelog
  COMMAND gzip -9nkf ${made}/changelog)
# What it is made of.
add_custom_command(OUTPUT ${made}/sbom.cdx.json DEPENDS conductor ${ops}/sbom
  COMMAND ${ops}/sbom ${CMAKE_CURRENT_BINARY_DIR} > ${made}/sbom.cdx.json)
add_custom_target(package_files ALL
  DEPENDS ${pages} ${made}/conductor.1.gz ${made}/changelog.gz ${made}/sbom.cdx.json)

# The sample, with what the service needs; where the sample changes this fails.
file(READ config/conductor.toml sample)
foreach(change
    "#listen = [\"127.0.0.1:11435\"]|# Of the packaged service systemd holds the sockets: conductor.socket and\n# conductor-admin.socket count in place of the two below (systemctl edit conductor.socket).\nlisten = [\"127.0.0.1:11435\", \"unix:/run/conductor/conductor.sock\"]"
    "#admin_listen = \"\"|admin_listen = \"127.0.0.1:11436\""
    "#data_dir = \"/home/you/.local/share/conductor\"|data_dir = \"/var/lib/conductor\"")
  string(REPLACE "|" ";" change "${change}")
  list(GET change 0 from)
  list(GET change 1 to)
  string(FIND "${sample}" "${from}" at)
  if(at EQUAL -1)
    message(FATAL_ERROR "config/conductor.toml has no line ${from} any more")
  endif()
  string(REPLACE "${from}" "${to}" sample "${sample}")
endforeach()
file(CONFIGURE OUTPUT ${made}/conductor.toml CONTENT "${sample}" @ONLY)
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS config/conductor.toml)
file(CONFIGURE OUTPUT ${made}/changelog @ONLY CONTENT
"conductor (@PROJECT_VERSION@) bookworm; urgency=medium

  * See CHANGELOG.md.

 -- The Conductor authors <packages@conductor.invalid>  Thu, 26 Nov 2026 00:00:00 +0000
")

install(TARGETS conductor RUNTIME DESTINATION bin)
install(FILES ${ops}/systemd/conductor.service ${ops}/systemd/conductor.socket
  ${ops}/systemd/conductor-admin.socket DESTINATION /lib/systemd/system)
install(FILES ${made}/conductor.toml DESTINATION /etc/conductor)
install(FILES ${made}/conductor.1.gz DESTINATION share/man/man1)
install(FILES ${made}/bash DESTINATION share/bash-completion/completions RENAME conductor)
install(FILES ${made}/zsh DESTINATION share/zsh/vendor-completions RENAME _conductor)
install(FILES ${made}/fish DESTINATION share/fish/vendor_completions.d RENAME conductor.fish)
install(FILES ${ops}/debian/copyright ${made}/changelog.gz ${made}/sbom.cdx.json README.md
  DESTINATION share/doc/conductor)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME conductor)
set(CPACK_PACKAGE_VENDOR "The Conductor authors")
set(CPACK_PACKAGE_CONTACT "The Conductor authors <packages@conductor.invalid>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "node between people and their Ollama servers")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Conductor stands in front of one or more Ollama servers and answers as they
do: any client of Ollama or of OpenAI works with it. It queues fairly, keeps
conversations, moves on where a server fails, and says what it does in metrics.")
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION net)
set(CPACK_DEBIAN_PACKAGE_DEPENDS adduser)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION TRUE)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA ${ops}/debian/conffiles ${ops}/debian/postinst
  ${ops}/debian/prerm ${ops}/debian/postrm)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
execute_process(COMMAND dpkg --print-architecture
  OUTPUT_VARIABLE CONDUCTOR_ARCHITECTURE OUTPUT_STRIP_TRAILING_WHITESPACE)
include(CPack)
