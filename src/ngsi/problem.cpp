#include "ngsi/problem.hpp"

#include <simdjson.h>

#include <array>

#include "ngsi/json.hpp"

namespace cityloom::ngsi {
namespace {

struct Described {
  std::string_view uri;
  std::string_view title;
};

constexpr std::array<Described, 14> descriptions = {{
    {"https://uri.etsi.org/ngsi-ld/errors/InvalidRequest", "The request is not understood"},
    {"https://uri.etsi.org/ngsi-ld/errors/BadRequestData", "The request has data that break a rule"},
    {"https://uri.etsi.org/ngsi-ld/errors/AlreadyExists", "The element exists already"},
    {"https://uri.etsi.org/ngsi-ld/errors/OperationNotSupported", "The operation is not supported"},
    {"https://uri.etsi.org/ngsi-ld/errors/ResourceNotFound", "The resource was not found"},
    {"https://uri.etsi.org/ngsi-ld/errors/InternalError", "The operation failed inside the server"},
    {"https://uri.etsi.org/ngsi-ld/errors/TooComplexQuery", "The query is too complex"},
    {"https://uri.etsi.org/ngsi-ld/errors/TooManyResults", "The query gives too many results"},
    {"https://uri.etsi.org/ngsi-ld/errors/LdContextNotAvailable", "A remote @context could not be retrieved"},
    {"https://uri.etsi.org/ngsi-ld/errors/NoMultiTenantSupport", "Tenants are not supported"},
    {"https://uri.etsi.org/ngsi-ld/errors/NonexistentTenant", "The tenant does not exist"},
    {"https://uri.etsi.org/ngsi-ld/errors/Conflict", "The operation conflicts with the present state"},
    {"about:blank", "Forbidden"},
    {"about:blank", "Too much at the moment"},
}};

// How many bytes of valid UTF-8 begin here; 0: none.
size_t valid_bytes(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const size_t length = lead < 0x80                   ? 1
                        : lead >= 0xC2 && lead < 0xE0 ? 2
                        : lead >= 0xE0 && lead < 0xF0 ? 3
                        : lead >= 0xF0 && lead < 0xF5 ? 4
                                                      : 0;
  if (length > text.size()) return 0;
  return length != 0 && simdjson::validate_utf8(text.data(), length) ? length : 0;
}

// What a client sent may have been cut within a letter, or have been no text at all.
std::string readable(std::string_view text) {
  std::string valid;
  while (!text.empty()) {
    const size_t length = valid_bytes(text);
    if (length == 0) {
      valid += '?';
      text.remove_prefix(1);
      continue;
    }
    valid += text.substr(0, length);
    text.remove_prefix(length);
  }
  return valid;
}

}  // namespace

std::string_view uri_of(ProblemType type) {
  return descriptions.at(static_cast<size_t>(type)).uri;
}

std::string_view title_of(ProblemType type) {
  return descriptions.at(static_cast<size_t>(type)).title;
}

ProblemType problem_of(const base::Error& error) {
  switch (error.code) {
    case base::Code::invalid:
    case base::Code::too_large:
    case base::Code::not_acceptable:
      return ProblemType::bad_request_data;
    case base::Code::too_complex:
      return ProblemType::too_complex_query;
    case base::Code::not_found:
      return ProblemType::resource_not_found;
    case base::Code::already_exists:
      return ProblemType::already_exists;
    case base::Code::conflict:
      return ProblemType::conflict;
    case base::Code::unsupported:
      return ProblemType::operation_not_supported;
    case base::Code::forbidden:
      return ProblemType::access_denied;
    case base::Code::busy:
      return ProblemType::busy;
    case base::Code::unavailable:
    case base::Code::timeout:
    case base::Code::cancelled:
    case base::Code::corrupt:
    case base::Code::internal:
      break;
  }
  return ProblemType::internal_error;
}

ProblemType context_problem_of(const base::Error& error) {
  if (error.code == base::Code::unavailable || error.code == base::Code::timeout) {
    return ProblemType::ld_context_not_available;
  }
  return ProblemType::bad_request_data;
}

ProblemType body_problem_of(const base::Error& error) {
  return error.code == base::Code::internal ? ProblemType::internal_error : ProblemType::invalid_request;
}

std::string problem_json(ProblemType type, const base::Error& error, int status) {
  std::string json = "{\"type\":";
  append_quoted(uri_of(type), json);
  json += ",\"title\":";
  append_quoted(title_of(type), json);
  std::string detail = error.what;
  if (!error.where.empty()) detail += " (" + error.where + ")";
  if (!detail.empty()) {
    json += ",\"detail\":";
    append_quoted(readable(detail), json);
  }
  json += ",\"status\":" + std::to_string(status);
  if (!error.where.empty()) {
    json += ",\"where\":";
    append_quoted(readable(error.where), json);
  }
  if (!error.remedy.empty()) {
    json += ",\"remedy\":";
    append_quoted(readable(error.remedy), json);
  }
  json += '}';
  return json;
}

}  // namespace cityloom::ngsi
