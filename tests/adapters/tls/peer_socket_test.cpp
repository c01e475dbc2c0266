#include "adapters/tls/peer_socket.hpp"

#include "adapters/tls/errors.hpp"
#include "tests/adapters/tls/authority.hpp"

#include <boost/asio/read.hpp>
#include <boost/asio/write.hpp>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>
#include <optional>
#include <random>
#include <string>

namespace conductor::test {
namespace {

namespace asio = boost::asio;
using boost::system::error_code;

/// Two ends of one connection in one thread: `server` shows a certificate of `box`.
class two_peers : public ::testing::Test {
protected:
  void connect(const std::string& trusts_as = "box") {
    files = make_certificate("box");
    pair();
    server.accept_tls(accepting_context(files, tls_version::v1_2));
    client.connect_tls(connecting_context({{}, {}, files.certificate}, tls_version::v1_2),
                       trusts_as);
  }
  void pair() {
    int ends[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    for (auto* p : {&server, &client}) {
      p->plain().assign({AF_UNIX, 0}, ends[p == &server]);
      p->connected(false);
      const int small = 4096; // a record does not fit
      ::setsockopt(p->plain().native_handle(), SOL_SOCKET, SO_SNDBUF, &small,
                   sizeof small);
    }
  }
  /// Each end does what it can until both agree, or one fails; what failed.
  error_code agree() {
    for (int i = 0; i < 100; ++i) {
      error_code of_server, of_client;
      const bool one = server.ready(of_server);
      const bool other = client.ready(of_client);
      for (const auto& ec : {of_client, of_server})
        if (ec && ec != asio::error::would_block)
          return ec;
      if (one && other)
        return {};
    }
    return asio::error::timed_out;
  }
  std::string read(peer_socket& from, error_code& ec) {
    std::array<char, 64 * 1024> space;
    const auto n = from.read_some(asio::buffer(space), ec);
    return {space.data(), n};
  }

  asio::io_context io{1};
  peer_socket server{io}, client{io};
  pem_files files;
};

TEST_F(two_peers, agree_and_hear_each_other) {
  connect();
  ASSERT_FALSE(agree());
  error_code ec;
  EXPECT_EQ(client.write_some({asio::buffer("ping", 4)}, ec), 4u);
  EXPECT_EQ(read(server, ec), "ping");
  EXPECT_EQ(server.write_some({asio::buffer("po", 2), asio::buffer("ng", 2)}, ec), 4u);
  EXPECT_EQ(read(client, ec), "pong");
  read(client, ec);
  EXPECT_EQ(ec, asio::error::would_block);
  EXPECT_EQ(client.reading_waits_for(), stream_socket::wait_read);
}

TEST_F(two_peers, lose_no_byte_whatever_the_socket_takes) {
  connect();
  ASSERT_FALSE(agree());
  std::mt19937 dice{7};
  std::string sent(2'000'000, '\0');
  std::generate(sent.begin(), sent.end(), [&] { return static_cast<char>(dice()); });
  std::string got;
  std::size_t done = 0;
  error_code ec;
  std::optional<std::size_t> refused; // the same bytes have to be offered again
  while (got.size() < sent.size()) {
    if (done < sent.size()) {
      const auto left = sent.size() - done;
      auto size = std::min<std::size_t>(left, dice() % 50'000 + 1);
      if (refused)
        size = std::max(size, *refused);
      const auto first = dice() % (size + 1);
      std::vector<asio::const_buffer> parts;
      if (first > 0)
        parts.emplace_back(sent.data() + done, first);
      if (size > first)
        parts.emplace_back(sent.data() + done + first, size - first);
      const auto n = client.write_some(parts, ec);
      ASSERT_TRUE(!ec || ec == asio::error::would_block) << ec.message();
      refused = ec ? std::optional{size} : std::nullopt;
      done += n;
    }
    if (dice() % 3 == 0 || done == sent.size()) {
      std::array<char, 7000> space;
      const auto n = server.read_some(asio::buffer(space, dice() % 7000 + 1), ec);
      ASSERT_TRUE(!ec || ec == asio::error::would_block) << ec.message();
      got.append(space.data(), n);
    }
  }
  EXPECT_EQ(got, sent);
}

TEST_F(two_peers, tell_what_they_hold_that_no_socket_will_announce) {
  connect();
  ASSERT_FALSE(agree());
  error_code ec;
  client.write_some({asio::buffer("0123456789", 10)}, ec);
  std::array<char, 4> space;
  EXPECT_EQ(server.read_some(asio::buffer(space), ec), 4u);
  EXPECT_TRUE(server.has_unread());
  EXPECT_EQ(read(server, ec), "456789");
  EXPECT_FALSE(server.has_unread());
}

/// A client whose records are its test's to send.
class bare_client {
public:
  explicit bare_client(peer_socket& way)
      : way_(way)
      , context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free)
      , ssl_(SSL_new(context_.get()), SSL_free) {
    SSL_set_bio(ssl_.get(), BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
    SSL_set_connect_state(ssl_.get());
  }

  void agree_with(peer_socket& server) {
    error_code ec;
    for (int i = 0; i < 100 && SSL_do_handshake(ssl_.get()) != 1; ++i) {
      send(said());
      server.ready(ec);
      std::array<char, 64 * 1024> space;
      const auto n = way_.read_some(asio::buffer(space), ec);
      BIO_write(SSL_get_rbio(ssl_.get()), space.data(), static_cast<int>(n));
    }
    send(said());
    ASSERT_TRUE(server.ready(ec)) << ec.message();
  }

  std::string record(std::string_view text) {
    SSL_write(ssl_.get(), text.data(), static_cast<int>(text.size()));
    return said();
  }
  std::string new_key() {
    SSL_key_update(ssl_.get(), SSL_KEY_UPDATE_NOT_REQUESTED);
    SSL_do_handshake(ssl_.get());
    return said();
  }

  void send(std::string_view bytes) {
    error_code ec;
    if (!bytes.empty())
      way_.write_some({asio::buffer(bytes)}, ec);
    ASSERT_FALSE(ec) << ec.message();
  }

private:
  std::string said() {
    auto* out = SSL_get_wbio(ssl_.get());
    std::string text(BIO_ctrl_pending(out), '\0');
    BIO_read(out, text.data(), static_cast<int>(text.size()));
    return text;
  }

  peer_socket& way_;
  std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context_;
  std::unique_ptr<SSL, decltype(&SSL_free)> ssl_;
};

/// Asked again and again for what is not there, a lane would burn a core.
TEST_F(two_peers, have_nothing_unread_while_a_record_is_on_its_way) {
  connect();
  bare_client odd{client};
  client.forget_tls();
  odd.agree_with(server);
  const auto record = odd.record("0123456789");
  error_code ec;
  odd.send(record.substr(0, record.size() / 2));
  EXPECT_EQ(read(server, ec), "");
  EXPECT_EQ(ec, asio::error::would_block);
  EXPECT_FALSE(server.has_unread());
  odd.send(record.substr(record.size() / 2));
  EXPECT_EQ(read(server, ec), "0123456789");
}

TEST_F(two_peers, end_where_one_sends_new_keys_and_nothing_else) {
  connect();
  bare_client odd{client};
  client.forget_tls();
  odd.agree_with(server);
  error_code ec;
  for (int i = 0; i < 200; ++i) {
    const auto key = odd.new_key();
    odd.send(key + odd.record("x"));
    ASSERT_EQ(read(server, ec), "x") << i << " " << ec.message();
  }
  int taken = 0;
  for (; taken < 200 && (!ec || ec == asio::error::would_block); ++taken) {
    odd.send(odd.new_key());
    read(server, ec);
  }
  EXPECT_TRUE(is_tls_error(ec)) << ec.message();
  EXPECT_GT(taken, 32);
  EXPECT_LT(taken, 100);
}

/// A lane has others to serve meanwhile.
TEST_F(two_peers, read_no_more_of_new_keys_than_one_buffer_at_once) {
  connect();
  bare_client odd{client};
  client.forget_tls();
  odd.agree_with(server);
  const int large = 1 << 20;
  ::setsockopt(client.plain().native_handle(), SOL_SOCKET, SO_SNDBUF, &large,
               sizeof large);
  std::string flood;
  while (flood.size() < 40'000)
    flood += odd.new_key();
  odd.send(flood);
  error_code ec;
  read(server, ec);
  EXPECT_TRUE(is_tls_error(ec)) << ec.message();
  EXPECT_GT(server.plain().available(), 20'000u);
}

TEST_F(two_peers, tell_an_end_in_order_from_one_without_a_word) {
  connect();
  ASSERT_FALSE(agree());
  error_code ec;
  client.shutdown_send();
  read(server, ec);
  EXPECT_EQ(ec, asio::error::eof);
}

TEST_F(two_peers, take_a_connection_that_breaks_for_no_end) {
  connect();
  ASSERT_FALSE(agree());
  error_code ec;
  client.plain().close();
  read(server, ec);
  EXPECT_TRUE(ec);
  EXPECT_NE(ec, asio::error::eof);
  EXPECT_NE(ec, asio::error::would_block);
}

TEST_F(two_peers, are_not_killed_by_an_end_that_has_gone) {
  std::signal(SIGPIPE, SIG_DFL);
  connect();
  ASSERT_FALSE(agree());
  client.plain().close();
  const std::string text(10'000, 'x');
  error_code ec;
  for (int i = 0; i < 10 && !ec; ++i)
    server.write_some({asio::buffer(text)}, ec);
  EXPECT_TRUE(ec == asio::error::broken_pipe || ec == asio::error::connection_reset)
      << ec.message();
}

TEST_F(two_peers, do_not_agree_under_another_name) {
  connect("elsewhere");
  const auto ec = agree();
  EXPECT_NE(ec.message().find("its certificate is refused: hostname mismatch"),
            std::string::npos)
      << ec.message();
}

TEST_F(two_peers, do_not_agree_with_a_stranger) {
  connect();
  const auto other = make_certificate("box");
  client.connect_tls(connecting_context({{}, {}, other.certificate}, tls_version::v1_2),
                     "box");
  EXPECT_TRUE(is_tls_error(agree()));
}

TEST_F(two_peers, of_whom_one_speaks_plainly_are_told_so) {
  files = make_certificate("box");
  pair();
  server.accept_tls(accepting_context(files, tls_version::v1_2));
  error_code ec;
  client.write_some({asio::buffer("GET / HTTP/1.1\r\n\r\n", 18)}, ec);
  read(server, ec);
  EXPECT_TRUE(is_plain_http(ec)) << ec.message();
  server.forget_tls();
  EXPECT_EQ(server.write_some({asio::buffer("hello", 5)}, ec), 5u);
  EXPECT_EQ(read(client, ec), "hello");
}

TEST_F(two_peers, carry_asynchronous_streams) {
  connect();
  const std::string sent(300'000, 'x');
  std::string got(sent.size(), '\0');
  std::string back(5, '\0');
  int ended = 0;
  asio::async_write(client, asio::buffer(sent), [&](error_code ec, std::size_t) {
    EXPECT_FALSE(ec) << ec.message();
    ++ended;
  });
  asio::async_read(server, asio::buffer(got), [&](error_code ec, std::size_t) {
    EXPECT_FALSE(ec) << ec.message();
    ++ended;
    asio::async_write(server, asio::buffer("thank", 5),
                      [&](error_code, std::size_t) { ++ended; });
  });
  asio::async_read(client, asio::buffer(back), [&](error_code ec, std::size_t) {
    EXPECT_FALSE(ec) << ec.message();
    ++ended;
  });
  io.run_for(std::chrono::seconds(20));
  EXPECT_EQ(ended, 4);
  EXPECT_EQ(got, sent);
  EXPECT_EQ(back, "thank");
}

} // namespace
} // namespace conductor::test
