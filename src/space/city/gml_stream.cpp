// expat calls us; members are the children of the document's root, whatever their names.
#include "space/city/gml_stream.hpp"

#include <expat.h>

#include <memory>

#include "space/byte_source.hpp"

namespace cityloom::space {
namespace {

using base::Code;
using base::fail;

constexpr size_t block_bytes = 256u << 10;
constexpr int depth_max = 200;
// expat holds a token until its end.
constexpr uint64_t token_bytes_max = 64u << 20;

class Walker {
 public:
  Walker(const ImportInput& input, const GmlListener& listener)
      : input_(input), listener_(listener), expat_(XML_ParserCreate(nullptr)) {
    XML_SetUserData(expat_, this);
    XML_SetElementHandler(
        expat_, [](void* self, const char* name, const char** attributes) { of(self).begin(name, attributes); },
        [](void* self, const char*) { of(self).end(); });
    XML_SetEntityDeclHandler(
        expat_, [](void* self, const char*, int, const char*, int, const char*, const char*, const char*, const char*) {
          of(self).stop(fail(Code::corrupt, "It declares entities, which are not read", of(self).input_.name));
        });
  }
  ~Walker() { XML_ParserFree(expat_); }
  Walker(const Walker&) = delete;
  Walker& operator=(const Walker&) = delete;

  base::Status walk();

 private:
  static Walker& of(void* self) { return *static_cast<Walker*>(self); }
  void begin(const char* name, const char** attributes);
  void end();
  void listen_to_text();
  void stop(base::Status status) {
    if (status_) status_ = std::move(status);
    XML_StopParser(expat_, XML_FALSE);
  }
  base::Status feed(const char* bytes, size_t count, bool is_last);

  const ImportInput& input_;
  const GmlListener& listener_;
  XML_Parser expat_;
  base::Status status_;
  XmlTree tree_;
  std::string property_;
  int depth_ = 0;
  int captured_from_ = 0;  // the depth at which the tree began; 0: none
  int library_from_ = 0;   // and at which what goes into the library began
  uint64_t since_event_ = 0;
};

void Walker::begin(const char* name, const char** attributes) {
  since_event_ = 0;
  if (++depth_ > depth_max) {
    return stop(fail(Code::corrupt, "Its elements are nested more than " + std::to_string(depth_max) + " deep",
                     input_.name + ", line " + std::to_string(XML_GetCurrentLineNumber(expat_))));
  }
  const std::string_view local = local_name(name);
  if (listener_.element) listener_.element(local, attributes, depth_);
  if (depth_ == 2) property_ = local;
  if (captured_from_ == 0 && depth_ == 3 && listener_.wants && listener_.wants(property_, local)) {
    captured_from_ = depth_;
    tree_.clear();
    listen_to_text();
  }
  if (library_from_ == 0 && listener_.captures && listener_.captures(attributes)) {
    library_from_ = depth_;
    listen_to_text();
  }
  if (captured_from_ > 0) tree_.begin(local, attributes);
  if (library_from_ > 0) listener_.library->begin(local, attributes);
}

void Walker::listen_to_text() {
  XML_SetCharacterDataHandler(expat_, [](void* self, const char* characters, int size) {
    Walker& walker = of(self);
    const std::string_view text(characters, static_cast<size_t>(size));
    walker.since_event_ = 0;
    if (walker.captured_from_ > 0) walker.tree_.text(text);
    if (walker.library_from_ > 0) walker.listener_.library->text(text);
  });
}

void Walker::end() {
  since_event_ = 0;
  if (library_from_ > 0) listener_.library->end();
  if (depth_ == library_from_) library_from_ = 0;
  if (captured_from_ > 0) {
    tree_.end();
    if (depth_ == captured_from_) {
      captured_from_ = 0;
      if (listener_.member) {
        if (auto status = listener_.member(property_, tree_); !status) return stop(std::move(status));
      }
    }
  }
  if (captured_from_ == 0 && library_from_ == 0) XML_SetCharacterDataHandler(expat_, nullptr);
  if (depth_ == 2 && listener_.member_end) listener_.member_end();
  --depth_;
}

base::Status Walker::feed(const char* bytes, size_t count, bool is_last) {
  since_event_ += count;
  const XML_Status parsed = XML_Parse(expat_, bytes, static_cast<int>(count), is_last ? 1 : 0);
  if (!status_) return status_;
  const std::string where = input_.name + ", line " + std::to_string(XML_GetCurrentLineNumber(expat_));
  if (parsed != XML_STATUS_OK) {
    return fail(Code::corrupt, std::string("It is no whole XML: ") + XML_ErrorString(XML_GetErrorCode(expat_)), where);
  }
  if (captured_from_ > 0 && since_event_ > token_bytes_max) {
    return fail(Code::corrupt, "A tag or text has no end", where);
  }
  return {};
}

base::Status Walker::walk() {
  auto source = input_.open();
  if (!source) return std::move(source).error();
  std::string block(block_bytes, '\0');
  while (true) {
    const auto count = source->read(block.data(), block.size());
    if (!count) return count.error();
    if (auto status = feed(block.data(), *count, *count == 0); !status) return status;
    if (*count == 0) return {};
    if (listener_.on_block && !listener_.on_block(source->offset(), source->size())) {
      return fail(Code::cancelled, "The import was stopped", input_.name);
    }
  }
}

}  // namespace

base::Status walk_gml(const ImportInput& input, const GmlListener& listener) {
  return Walker(input, listener).walk();
}

}  // namespace cityloom::space
