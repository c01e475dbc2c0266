#include "adapters/cli/new_file.hpp"
#include "tests/adapters/cli/conduct.hpp"
#include "tests/adapters/cli/peer.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>

namespace conductor::cli {
namespace {

namespace files = std::filesystem;

const std::string id = "01a20b22-3bee-7249-af6c-6d9954a94aca";
const std::string listed =
    response(R"({"sessions":[{"id":")" + id + R"(","model":"m","title":"a"}]})");
const std::string database = std::string("SQLite format 3\0", 16) + "and\r\n\n pages";

// A folder of its own, which goes with the test.
class folder : public testing::Test {
protected:
  folder() {
    auto name = (files::temp_directory_path() / "conductor-cli-XXXXXX").string();
    place_ = ::mkdtemp(name.data());
  }
  ~folder() override { files::remove_all(place_); }

  std::string at(const char* name) const { return (place_ / name).string(); }

  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : files::directory_iterator(place_))
      found.push_back(entry.path().filename().string());
    return found;
  }

  static std::string content(const std::string& path) {
    std::ostringstream all;
    all << std::ifstream(path, std::ios::binary).rdbuf();
    return all.str();
  }

  files::path place_;
};

using list = std::vector<std::string>;
using new_file_in = folder;
using session_files = folder;

int mode_of(const std::string& path) {
  struct stat facts {};
  ::stat(path.c_str(), &facts);
  return facts.st_mode & 0777;
}

TEST_F(new_file_in, appears_whole_or_not_at_all) {
  {
    new_file f(at("f"), false);
    f.write("abc");
    EXPECT_EQ(names(), list{"f.partial"});
    EXPECT_EQ(mode_of(at("f.partial")), 0600);
    EXPECT_THROW(new_file(at("f"), false), failure) << "it is being written";
    f.finish();
    EXPECT_EQ(names(), list{"f"});
    EXPECT_EQ(mode_of(at("f")), 0600);
  }
  EXPECT_EQ(content(at("f")), "abc");
  {
    new_file f(at("g"), false);
    f.write("abc");
  }
  EXPECT_EQ(names(), list{"f"});
}

TEST_F(new_file_in, takes_over_a_part_that_was_left_behind) {
  std::ofstream(at("f.partial")) << "a longer text of an earlier time";
  ::chmod(at("f.partial").c_str(), 0644);
  new_file f(at("f"), false);
  f.write("abc");
  f.finish();
  EXPECT_EQ(content(at("f")), "abc");
  EXPECT_EQ(mode_of(at("f")), 0600);
}

TEST_F(new_file_in, replaces_only_a_regular_file_and_only_when_told) {
  std::ofstream(at("f")) << "old";
  EXPECT_THROW(new_file(at("f"), false), failure);
  EXPECT_THROW(new_file(place_.string(), true), failure);
  EXPECT_THROW(new_file("/dev/null", true), failure);
  EXPECT_THROW(new_file(at("no/such/folder"), false), failure);
  files::create_symlink(at("f"), at("link"));
  {
    new_file f(at("link"), true);
    f.write("new");
    f.finish();
  }
  EXPECT_EQ(content(at("f")), "new");
  EXPECT_TRUE(files::is_symlink(at("link")));
}

TEST_F(new_file_in, does_not_replace_what_came_meanwhile) {
  new_file f(at("f"), false);
  std::ofstream(at("f")) << "theirs";
  EXPECT_THROW(f.finish(), failure);
  EXPECT_EQ(content(at("f")), "theirs");
}

TEST_F(session_files, are_backed_up_whole) {
  peer node({stream_of({database.substr(0, 5), database.substr(5)})});
  auto o = conduct({"sessions", "backup", "--host", node.host(), at("b.db")});
  EXPECT_EQ(o.code, exit_ok);
  EXPECT_EQ(o.out, "backed up to '" + at("b.db") + "' (28 B)\n") << o.err;
  EXPECT_EQ(content(at("b.db")), database);
  EXPECT_EQ(mode_of(at("b.db")), 0600);
  EXPECT_EQ(names(), list{"b.db"});
  EXPECT_TRUE(node.requests().at(0).starts_with("GET /conductor/v1/backup HTTP"));
}

TEST_F(session_files, are_never_backed_up_in_part) {
  auto failed = [&](const std::string& answer) {
    peer node({answer});
    auto o = conduct({"sessions", "backup", "--host", node.host(), at("b.db")});
    EXPECT_EQ(o.code, exit_error);
    EXPECT_EQ(names(), list{});
    return o.err;
  };
  EXPECT_NE(failed(stream_of({database}, false)).find("closed before"),
            std::string::npos);
  EXPECT_EQ(failed(response("hello")), "Error: the node sent what is no SQLite file\n");
  EXPECT_EQ(failed(response("")), "Error: the node sent what is no SQLite file\n");
  EXPECT_EQ(failed(response(R"({"detail":"no"})", "503 Service Unavailable")),
            "Error: no\n");
}

TEST_F(session_files, are_backed_up_over_an_old_backup_only_by_force) {
  std::ofstream(at("b.db")) << "old";
  peer node({stream_of({database})});
  auto o = conduct({"sessions", "backup", "--host", node.host(), at("b.db")});
  EXPECT_EQ(o.err, "Error: " + at("b.db") + " exists already; --force replaces it\n");
  EXPECT_EQ(content(at("b.db")), "old");
  EXPECT_EQ(node.requests().size(), 0u);
  EXPECT_EQ(
      conduct({"sessions", "backup", "--force", "--host", node.host(), at("b.db")}).code,
      exit_ok);
  EXPECT_EQ(content(at("b.db")), database);
}

TEST_F(session_files, are_exported_as_the_node_wrote_them) {
  peer node({listed, response("{\"export\":1}\n")});
  EXPECT_EQ(conduct({"sessions", "export", "--host", node.host(), "a"}).out,
            "{\"export\":1}\n");
  EXPECT_TRUE(node.requests().at(1).starts_with("GET /conductor/v1/sessions/" + id +
                                                "/export?as=json HTTP"));
  peer markdown({listed, response("# a\n")});
  auto o = conduct({"sessions", "export", "--host", markdown.host(), "a", "--markdown",
                    "-o", at("a.md")});
  EXPECT_EQ(o.out, "") << o.err;
  EXPECT_EQ(content(at("a.md")), "# a\n");
  EXPECT_NE(markdown.requests().at(1).find("/export?as=markdown HTTP"),
            std::string::npos);
  EXPECT_NE(markdown.requests().at(1).find("Accept: text/markdown\r\n"),
            std::string::npos);
}

TEST_F(session_files, are_imported_as_they_are) {
  auto document = R"({"export":"conductor.session/1","model":"m"})";
  std::ofstream(at("a.json")) << document;
  peer node({response(R"({"id":"x"})", "201 Created")});
  auto o = conduct({"sessions", "import", "--host", node.host(), at("a.json")});
  EXPECT_EQ(o.out, "x\n") << o.err;
  EXPECT_TRUE(node.requests().at(0).starts_with("POST /conductor/v1/sessions HTTP"));
  EXPECT_TRUE(node.requests().at(0).ends_with(document));
}

TEST_F(session_files, that_are_none_are_not_imported) {
  std::ofstream(at("a.md")) << "# a\n";
  auto o = conduct({"sessions", "import", at("a.md")});
  EXPECT_EQ(o.code, exit_error);
  EXPECT_EQ(o.err, "Error: " + at("a.md") + " is no exported session\n");
  EXPECT_EQ(conduct({"sessions", "import", "-"}).err,
            "Error: standard input is no exported session\n");
  EXPECT_EQ(conduct({"sessions", "import", at("none")}).err,
            "Error: cannot read " + at("none") + ": No such file or directory\n");
}

} // namespace
} // namespace conductor::cli
