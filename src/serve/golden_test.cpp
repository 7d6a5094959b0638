// The golden runner, and the test of the runner itself.
#include "serve/golden_test.hpp"

#include <gtest/gtest-spi.h>
#include <gtest/gtest.h>
#include <simdjson.h>

#include <fstream>
#include <sstream>

#include "serve/client_test.hpp"
#include "serve/server.hpp"

namespace cityloom::serve {
namespace {

using simdjson::dom::element;
using Variables = std::map<std::string, std::string>;

bool is_variable(std::string_view text) {
  return text.size() > 3 && text.starts_with("${") && text.find('}') == text.size() - 1;
}

std::string replaced(std::string_view text, const Variables& variables) {
  std::string result(text);
  for (const auto& [name, value] : variables) {
    const std::string mark = "${" + name + "}";
    for (size_t at = 0; (at = result.find(mark, at)) != std::string::npos; at += value.size()) {
      result.replace(at, mark.size(), value);
    }
  }
  return result;
}

/// Whether `text` is `pattern`, where '*' stands for any run of characters.
bool matches(std::string_view pattern, std::string_view text) {
  const size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (size_t at = star; at <= text.size(); ++at) {
    if (matches(rest, text.substr(at))) return true;
  }
  return false;
}

/// Matches a text and takes or compares a variable that is the whole pattern.
bool matches_or_takes(std::string_view pattern, std::string_view text, Variables& variables) {
  if (is_variable(pattern)) {
    const auto [known, is_new] = variables.emplace(pattern.substr(2, pattern.size() - 3), text);
    return is_new || known->second == text;
  }
  return matches(replaced(pattern, variables), text);
}

/// Compares two JSON values; says at which path they differ, or "".
std::string difference(element expected, element actual, const std::string& path, Variables& variables);

std::string object_difference(element expected, element actual, const std::string& path, Variables& variables) {
  if (!actual.is_object()) return path + ": an object expected";
  bool may_have_more = false;
  size_t wanted = 0;
  for (const auto [key, value] : expected.get_object()) {
    if (key == "...") {
      may_have_more = true;
      continue;
    }
    ++wanted;
    element found;
    if (actual.at_key(key).get(found) != simdjson::SUCCESS)
      return path + ": member " + std::string(key) + " is missing";
    const std::string inner = difference(value, found, path + "." + std::string(key), variables);
    if (!inner.empty()) return inner;
  }
  if (may_have_more || actual.get_object().value().size() == wanted) return "";
  for (const auto [key, value] : actual.get_object()) {
    element found;
    if (expected.at_key(key).get(found) != simdjson::SUCCESS)
      return path + ": member " + std::string(key) + " is too much";
  }
  return path + ": a member stands twice";
}

std::string difference(element expected, element actual, const std::string& path, Variables& variables) {
  if (std::string_view text; expected.get(text) == simdjson::SUCCESS) {
    if (text == "*") return "";
    std::string_view is;
    if (actual.get(is) != simdjson::SUCCESS) return path + ": the text \"" + std::string(text) + "\" expected";
    return matches_or_takes(text, is, variables)
               ? ""
               : path + ": \"" + std::string(is) + "\", not \"" + std::string(text) + "\"";
  }
  if (expected.is_object()) return object_difference(expected, actual, path, variables);
  if (expected.is_array()) {
    if (!actual.is_array()) return path + ": an array expected";
    const auto left = expected.get_array().value();
    const auto right = actual.get_array().value();
    if (left.size() != right.size()) {
      return path + ": " + std::to_string(right.size()) + " elements, not " + std::to_string(left.size());
    }
    size_t index = 0;
    auto other = right.begin();
    for (const element each : left) {
      const std::string inner = difference(each, *other, path + "[" + std::to_string(index++) + "]", variables);
      if (!inner.empty()) return inner;
      ++other;
    }
    return "";
  }
  if (double number = 0; expected.get(number) == simdjson::SUCCESS) {
    double is = 0;
    if (actual.get(is) == simdjson::SUCCESS && number == is) return "";
  } else if (simdjson::minify(expected) == simdjson::minify(actual)) {
    return "";
  }
  return path + ": " + simdjson::minify(actual) + ", not " + simdjson::minify(expected);
}

std::string body_difference(const std::string& expected, const std::string& actual, Variables& variables) {
  if (!expected.starts_with('{') && !expected.starts_with('[')) {
    return matches_or_takes(expected, actual, variables) ? "" : "the body is not as expected";
  }
  simdjson::dom::parser parser, other;
  element left, right;
  if (parser.parse(replaced(expected, {})).get(left) != simdjson::SUCCESS) return "the expected body is not JSON";
  if (other.parse(actual).get(right) != simdjson::SUCCESS) return "the body is not JSON";
  return difference(left, right, "$", variables);
}

/// The rest of a line after its mark ("> " or "<").
std::string_view content_of(std::string_view line) {
  return line.size() > 2 ? line.substr(2) : std::string_view{};
}

void add_line(GoldenExchange& exchange, char mark, std::string_view text, bool& in_body) {
  std::string& body = mark == '>' ? exchange.body : exchange.expected_body;
  if (in_body) {
    if (!body.empty()) body += '\n';
    body += text;
  } else if (text.empty()) {
    in_body = true;
    if (mark == '<') exchange.has_expected_body = true;
  } else if (mark == '>') {
    exchange.header_lines.append(text).append("\r\n");
  } else if (text.starts_with('!')) {
    exchange.absent_headers.emplace_back(text.substr(1));
  } else {
    const size_t colon = text.find(": ");
    ASSERT_NE(colon, std::string_view::npos) << "a header needs ': ': " << text;
    exchange.headers.emplace_back(text.substr(0, colon), text.substr(colon + 2));
  }
}

}  // namespace

std::vector<GoldenExchange> read_golden(const std::string& path) {
  std::vector<GoldenExchange> exchanges;
  std::ifstream file(std::string(CITYLOOM_SOURCE_DIR) + "/" + path);
  EXPECT_TRUE(file.good()) << path << " cannot be read";
  char last = '<';
  bool in_body = false;
  int number = 0;
  for (std::string line; std::getline(file, line);) {
    ++number;
    const char mark = line.empty() ? '#' : line.front();
    if (mark == '#') continue;
    if (mark != '>' && mark != '<') {
      ADD_FAILURE() << path << ":" << number << ": a line begins with '>', '<' or '#'";
      return exchanges;
    }
    const std::string_view text = content_of(line);
    if (mark == last) {
      add_line(exchanges.back(), mark, text, in_body);
    } else if (mark == '>') {
      GoldenExchange& exchange = exchanges.emplace_back();
      exchange.line = number;
      exchange.method = text.substr(0, text.find(' '));
      exchange.target = text.substr(std::min(text.size(), exchange.method.size() + 1));
      in_body = false;
    } else {
      exchanges.back().status = std::atoi(std::string(text).c_str());
      in_body = false;
    }
    last = mark;
  }
  return exchanges;
}

void play_golden(const std::string& path, uint16_t port, Variables variables,
                 const std::function<void(const GoldenExchange&)>& before) {
  TestClient client(port);
  for (const GoldenExchange& exchange : read_golden(path)) {
    if (before) before(exchange);
    const std::string at = path + ":" + std::to_string(exchange.line) + ": " + exchange.method + " " + exchange.target;
    const auto response = client.ask(exchange.method, replaced(exchange.target, variables),
                                     replaced(exchange.body, variables), replaced(exchange.header_lines, variables));
    if (!response) {
      ADD_FAILURE() << at << "\nno answer";
      return;
    }
    EXPECT_EQ(response->status, exchange.status) << at << "\n" << response->body;
    for (const auto& [name, pattern] : exchange.headers) {
      EXPECT_TRUE(matches_or_takes(pattern, response->header(name), variables))
          << at << "\n"
          << name << ": \"" << response->header(name) << "\", not \"" << pattern << "\"";
    }
    for (const std::string& name : exchange.absent_headers) {
      EXPECT_EQ(response->header(name), "") << at << "\n" << name << " must not be there";
    }
    if (!exchange.has_expected_body) continue;
    const std::string differs = body_difference(exchange.expected_body, response->body, variables);
    EXPECT_EQ(differs, "") << at << "\n" << response->body;
  }
}

namespace {

class GoldenTest : public testing::Test {
 protected:
  GoldenTest() {
    Route route;
    route.path = "/things/{id}";
    route.operation_id = "getThing";
    route.handler = answer([](const Request& request) {
      Response response = Response::json(R"({"id":")" + std::string(request.path_value("id")) +
                                         R"(","list":[1,2.5,{"a":null}],"at":"2026-11-22T08:05:00Z"})");
      response.header("ETag", "\"v1\"");
      return response;
    });
    router_.add(std::move(route));
    ServerOptions options;
    options.port = 0;
    server_ = std::move(*Server::start(router_, *gate_, options));
  }

  Router router_;
  std::unique_ptr<trust::Gate> gate_ = trust::make_open_gate();
  std::unique_ptr<Server> server_;
};

TEST_F(GoldenTest, PlaysAFile) {
  play_golden("src/serve/golden/runner.txt", server_->port(), {{"first", "7"}});
}

TEST_F(GoldenTest, SeesWhatDiffers) {
  static const uint16_t port = server_->port();
  EXPECT_NONFATAL_FAILURE(play_golden("src/serve/golden/runner_wrong_status.txt", port), "201");
  EXPECT_NONFATAL_FAILURE(play_golden("src/serve/golden/runner_wrong_body.txt", port), "$.list[1]: 2.5, not 3");
  EXPECT_NONFATAL_FAILURE(play_golden("src/serve/golden/runner_wrong_header.txt", port), "ETag");
}

}  // namespace
}  // namespace cityloom::serve
