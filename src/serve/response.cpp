#include "serve/response.hpp"

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

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 207:
      return "Multi-Status";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Unknown";
  }
}

}  // namespace cityloom::serve
