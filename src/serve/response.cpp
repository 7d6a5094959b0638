// Responses: header lines and phrases.
#include "serve/response.hpp"

#include <algorithm>
#include <iterator>

#include "serve/request.hpp"

namespace cityloom::serve {

Response& Response::header(std::string_view name, std::string_view value) {
  header_lines.reserve(header_lines.size() + name.size() + value.size() + 4);
  header_lines += name;
  header_lines += ": ";
  for (const char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    header_lines += byte < 0x20 || byte == 0x7F ? ' ' : c;
  }
  header_lines += "\r\n";
  return *this;
}

std::optional<std::string_view> Response::find_header(std::string_view name) const {
  std::string_view rest = header_lines;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(line.size() + 2, rest.size()));
    const size_t colon = line.find(": ");
    if (colon != std::string_view::npos && same_without_case(line.substr(0, colon), name)) {
      return line.substr(colon + 2);
    }
  }
  return {};
}

std::string_view Response::text() const {
  if (const auto* own = std::get_if<std::string>(&body)) return *own;
  if (const auto* shared = std::get_if<std::shared_ptr<const std::string>>(&body)) {
    return *shared ? std::string_view(**shared) : std::string_view{};
  }
  return {};
}

namespace {

struct Phrase {
  int status;
  std::string_view text;
};

constexpr Phrase phrases[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {508, "Loop Detected"},
};

}  // namespace

std::string_view reason_phrase(int status) {
  const auto* found = std::lower_bound(std::begin(phrases), std::end(phrases), status,
                                       [](const Phrase& phrase, int wanted) { return phrase.status < wanted; });
  return found != std::end(phrases) && found->status == status ? found->text : "Unknown";
}

}  // namespace cityloom::serve
