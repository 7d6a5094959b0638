// Links in answers: where the client reached us, and links as OGC's standards write them.
#pragma once

#include <string>
#include <string_view>

#include "serve/json.hpp"
#include "serve/request.hpp"

namespace cityloom::serve::ogc {

/// "http://host": where the client reached us, by what it or its proxy says; "" where it says nothing usable.
std::string origin_of(const Request& request);

/// Appends a link object to an array.
void write_link(JsonText& json, const std::string& href, std::string_view relation, std::string_view type,
                std::string_view title, bool is_template = false);

/// The address of the same request for another page: where it begins ("offset=20", "after=17-20") instead of its own.
std::string page_address(const Request& request, std::string_view begin, size_t limit);

/// The address of the request as it was sent.
std::string own_address(const Request& request);

}  // namespace cityloom::serve::ogc
