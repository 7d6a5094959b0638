// Golden exchanges: text files of requests and the answers that they must get, played against a real server.
//
//   # A comment.
//   > POST /ngsi-ld/v1/entities            a request: method and target,
//   > Content-Type: application/json       headers (Host and Content-Length are added),
//   >                                      an empty line,
//   > {"id": "urn:a", "type": "T"}         and a body
//   < 201                                  the answer: its status,
//   < Location: /ngsi-ld/v1/entities/urn:a headers that it must have,
//   < !Link                                headers that it must not have,
//   <                                      an empty line,
//   < {"id": "urn:a", "at": "*"}           and its body. With no empty line the body may be anything; with one and
//                                          nothing after it there must be no body.
//
// A body that begins with { or [ is compared as JSON (member order does not matter); the string "*" stands for any
// value, and the member "...": "..." allows further members. `*` in other expected text (headers, bodies) stands for
// any run of characters. ${name} in an expectation takes what stands there the first time (a whole header value or JSON
// string) and must be equal from then on; in a request it is replaced by it. Exchanges of a file go over one
// connection, in their order.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace cityloom::serve {

/// One request and what it must be answered with.
struct GoldenExchange {
  int line = 0;
  std::string method;
  std::string target;
  std::string header_lines;  ///< each with its CRLF
  std::string body;
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  ///< name and pattern
  std::vector<std::string> absent_headers;
  bool has_expected_body = false;
  std::string expected_body;
};

/// Reads a golden file. A mistake in it fails the test and gives what was read before it.
std::vector<GoldenExchange> read_golden(const std::string& path);

/// Plays a golden file (path relative to the source folder) against a server, failing the test where answers differ.
/// `variables` are known from the start: {"host", "127.0.0.1:1234"}. `before` is called before each exchange.
void play_golden(const std::string& path, uint16_t port, std::map<std::string, std::string> variables = {},
                 const std::function<void(const GoldenExchange&)>& before = {});

}  // namespace cityloom::serve
