// SPDX-License-Identifier: BSL-1.0
#pragma once
/// \file
/// A message as a file that mail programs open (RFC 5322, MIME).

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

#include "world/message.hpp"

namespace world {

/// \returns bytes in base64, without line breaks \param bytes any
inline std::string base64(std::string_view bytes) {
  static constexpr char digits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const auto at = [&](std::size_t i) {
    return i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U;
  };
  std::string text;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const unsigned three = at(i) << 16 | at(i + 1) << 8 | at(i + 2);
    for (const unsigned shift : {18U, 12U, 6U, 0U}) text += digits[three >> shift & 63];
  }
  const std::size_t missing = (3 - bytes.size() % 3) % 3;
  text.replace(text.size() - missing, missing, missing, '=');
  return text;
}

/// \returns the message as the text of an .eml file, for a mail program to send
/// \param m whose addresses, subject and names of files are one line each
inline std::string to_eml(const message& m) {
  const auto encoded = [](const std::string& line) {  // RFC 2047, in words of at most 75
    const auto plain = [](char c) { return c >= ' ' && c <= '~'; };
    if (std::ranges::all_of(line, plain)) return line;
    std::string words;
    for (std::size_t i = 0; i < line.size();) {
      std::size_t n = std::min<std::size_t>(45, line.size() - i);
      while (i + n < line.size() && (line[i + n] & 0xc0) == 0x80) --n;  // not inside of a letter
      words += (i == 0 ? "=?UTF-8?B?" : "\r\n =?UTF-8?B?") + base64(line.substr(i, n)) + "?=";
      i += n;
    }
    return words;
  };
  const auto lines = [](const std::string& text) {  // as they end in mail
    std::string all;
    for (const char c : text) c == '\n' ? all += "\r\n" : all += c;
    return all;
  };
  std::string boundary = "=_part";
  while (m.text.find(boundary) != std::string::npos) boundary += '_';
  std::string eml = "From: " + m.from + "\r\nTo: ";
  for (const std::string& to : m.to) eml += (&to == &m.to[0] ? "" : ", ") + to;
  eml += "\r\nSubject: " + encoded(m.subject) + "\r\nX-Unsent: 1\r\nMIME-Version: 1.0\r\n" +
         "Content-Type: multipart/mixed; boundary=\"" + boundary + "\"\r\n\r\n--" + boundary +
         "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n" +
         lines(m.text) + "\r\n";
  for (const attachment& a : m.attachments) {
    std::string name = encoded(a.name);
    std::ranges::replace(name, '"', '\'');
    eml += "--" + boundary + "\r\nContent-Type: application/octet-stream\r\n" +
           "Content-Transfer-Encoding: base64\r\nContent-Disposition: attachment; filename=\"" +
           name + "\"\r\n\r\n";
    const std::string body = base64(a.data);
    for (std::size_t i = 0; i < body.size(); i += 76) eml += body.substr(i, 76) + "\r\n";
  }
  return eml + "--" + boundary + "--\r\n";
}

}  // namespace world
