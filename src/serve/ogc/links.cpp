#include "serve/ogc/links.hpp"

#include "serve/ngsi/text.hpp"

namespace cityloom::serve::ogc {

std::string origin_of(const Request& request) {
  const std::string_view host = request.header("X-Forwarded-Host").value_or(request.header("Host").value_or(""));
  const bool is_secure = request.header("X-Forwarded-Proto").value_or("") == "https";
  const bool is_host = !host.empty() && host.size() < 300 && host.find_first_of("\"\\/<> ") == std::string_view::npos;
  return is_host ? (is_secure ? "https://" : "http://") + std::string(host) : std::string();
}

void write_link(JsonText& json, const std::string& href, std::string_view relation, std::string_view type,
                std::string_view title, bool is_template) {
  json.open_object().member("href", href).member("rel", relation).member("type", type).member("title", title);
  if (is_template) json.member("templated", true);
  json.close_object();
}

std::string page_address(const Request& request, std::string_view begin, size_t limit) {
  std::string address = origin_of(request) + std::string(request.path());
  char separator = '?';
  for (const std::string_view part : ngsi_ld::split(request.query(), '&')) {
    const std::string_view name = part.substr(0, part.find('='));
    if (part.empty() || name == "offset" || name == "after" || name == "limit") continue;
    address += separator;
    address += part;
    separator = '&';
  }
  return address + separator + "limit=" + std::to_string(limit) + "&" + std::string(begin);
}

std::string own_address(const Request& request) {
  std::string address = origin_of(request) + std::string(request.path());
  if (!request.query().empty()) address += "?" + std::string(request.query());
  return address;
}

}  // namespace cityloom::serve::ogc
