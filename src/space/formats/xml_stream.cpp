// expat calls us; what the visitor refuses ends it.
#include "space/formats/xml_stream.hpp"

#include <expat.h>

#include <algorithm>
#include <memory>

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr int block_bytes = 1 << 16;
constexpr int depth_max = 200;
constexpr uint64_t tag_bytes_max = 16u << 20;

struct Reader {
  XML_Parser parser = nullptr;
  const XmlVisitor* visitor = nullptr;
  base::Status status;
  int depth = 0;

  void stop(base::Status why) {
    if (status) status = std::move(why);
    XML_StopParser(parser, XML_FALSE);
  }
};

void on_start(void* data, const XML_Char* name, const XML_Char** attributes) {
  auto& reader = *static_cast<Reader*>(data);
  if (!reader.status) return;
  if (++reader.depth > depth_max) return reader.stop(fail(Code::corrupt, "Its elements are nested more than 200 deep"));
  if (auto status = reader.visitor->start(name, reader.depth, XmlAttributes(attributes)); !status) reader.stop(status);
}

void on_end(void* data, const XML_Char* name) {
  auto& reader = *static_cast<Reader*>(data);
  if (reader.status && reader.visitor->end) reader.visitor->end(name, reader.depth);
  --reader.depth;
}

void on_entity(void* data, const XML_Char*, int, const XML_Char*, int, const XML_Char*, const XML_Char*,
               const XML_Char*, const XML_Char*) {
  static_cast<Reader*>(data)->stop(fail(Code::corrupt, "It declares entities of its own, which are refused"));
}

}  // namespace

std::string_view XmlAttributes::operator[](std::string_view name) const {
  for (const char** pair = pairs_; *pair != nullptr; pair += 2) {
    if (pair[0] == name) return pair[1];
  }
  return {};
}

bool XmlAttributes::has(std::string_view name) const {
  for (const char** pair = pairs_; *pair != nullptr; pair += 2) {
    if (pair[0] == name) return true;
  }
  return false;
}

base::Status read_xml(ByteSource source, const XmlVisitor& visitor) {
  const std::unique_ptr<XML_ParserStruct, void (*)(XML_Parser)> parser(XML_ParserCreate(nullptr), XML_ParserFree);
  Reader reader{parser.get(), &visitor, {}, 0};
  XML_SetUserData(parser.get(), &reader);
  XML_SetElementHandler(parser.get(), on_start, on_end);
  XML_SetEntityDeclHandler(parser.get(), on_entity);
  uint64_t given = 0;
  for (;;) {
    void* const to = XML_GetBuffer(parser.get(), block_bytes);
    if (to == nullptr) return fail(Code::too_large, "There is no memory for a tag of this file");
    const auto count = source.read(static_cast<char*>(to), block_bytes);
    if (!count) return count.error();
    given += *count;
    const auto parsed = XML_ParseBuffer(parser.get(), static_cast<int>(*count), *count == 0 ? XML_TRUE : XML_FALSE);
    if (!reader.status) return reader.status;
    if (parsed != XML_STATUS_OK) {
      return fail(Code::corrupt,
                  std::string("It is no well-formed XML: ") + XML_ErrorString(XML_GetErrorCode(parser.get())),
                  "line " + std::to_string(XML_GetCurrentLineNumber(parser.get())));
    }
    const auto parsed_bytes = static_cast<uint64_t>(std::max<XML_Index>(XML_GetCurrentByteIndex(parser.get()), 0));
    if (given - std::min(given, parsed_bytes) > tag_bytes_max) return fail(Code::corrupt, "A tag has more than 16 MiB");
    if (visitor.progress) visitor.progress(source.offset(), source.size());
    if (*count == 0) return {};
  }
}

}  // namespace cityloom::space
