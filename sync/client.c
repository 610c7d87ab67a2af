#include "sync/client.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/cert.h"
#include "core/moment.h"
#include "core/text.h"
#include "sync/tls.h"
#include "sync/zip.h"

#define CONNECT_S 10
#define REQUEST_S 120
#define WORDS_MAX 512 /* of a refusal's line that is looked at */
#define REMEDY_SIZE 400

/* One request under way. */
struct post {
  const struct client_settings *settings;
  CURL *curl;
  struct tls *tls;
  struct buf answer;
  enum err tls_err; /* what tls_equip said */
};

/* The statuses of sync/PROTOCOL.md section 1, and the words for a node that gives none. */
static const struct {
  long status;
  enum err err;
  const char *words;
} statuses[] = {
    {200, OK, NULL},
    {400, ERR_REFUSED, "the node found the request malformed"},
    {401, ERR_REFUSED, "the node does not know the certificate of this replica"},
    {404, ERR_REFUSED, "the node knows no such path; it may be of another version"},
    {405, ERR_REFUSED, "the node does not take requests of this kind; it may be of another version"},
    {408, ERR_REFUSED, "the request took too long to arrive"},
    {409, ERR_REFUSED, "this replica and the node do not continue each other"},
    {410, ERR_REFUSED, "the invitation was withdrawn or used, has expired, or never was"},
    {413, ERR_REFUSED, "the request is larger than the node takes"},
    {500, ERR_IO, "the node could not do it; nothing was stored"},
    {503, ERR_BUSY, "the node is busy or its disk is full; nothing was stored; try again later"},
};

/* What keeps libcurl from an answer. Where tls is set and TLS has words of its own, those are better. */
static const struct {
  CURLcode code;
  bool tls;
  const char *words;
  const char *remedy;
} failures[] = {
    {CURLE_COULDNT_RESOLVE_HOST, false, "the name is not known",
     "look whether this computer has a network, and whether the name is right"},
    {CURLE_OPERATION_TIMEDOUT, false, "it did not answer in time",
     "try again later; nothing is lost, what was not answered is sent again"},
    {CURLE_PARTIAL_FILE, false, "the answer was cut off", "try again; nothing is lost"},
    {CURLE_GOT_NOTHING, true, "it closed the connection without an answer", "try again; nothing is lost"},
    {CURLE_RECV_ERROR, true, "the connection broke before the answer was there", "try again; nothing is lost"},
    {CURLE_SEND_ERROR, true, "the connection broke while the request was sent", "try again; nothing is lost"},
    {CURLE_SSL_CONNECT_ERROR, true, "what answers there is not a Cairn node: it does not speak TLS 1.3",
     "a network that wants a sign-in first may have answered in its place; else look at address and port"},
    {CURLE_PEER_FAILED_VERIFICATION, true, "its certificate is for another host",
     "do not go on; ask the administrator of the node"},
    {CURLE_UNSUPPORTED_PROTOCOL, false, "what answers there is not a Cairn node", "look at address and port"},
    {CURLE_WEIRD_SERVER_REPLY, false, "what answers there is not a Cairn node", "look at address and port"},
};

static enum err not_ours(const struct post *p, const char *what) {
  return err_set_remedy(ERR_NETWORK,
                        "something between here and the node may have answered in its place: look at the network "
                        "and the node's address",
                        "the answer of '%s', port %u, is not one of a Cairn node: %s", p->settings->host,
                        p->settings->port, what);
}

static const char *connect_words(const struct post *p) {
  long os_error = 0;
  curl_easy_getinfo(p->curl, CURLINFO_OS_ERRNO, &os_error);
  return os_error == ECONNREFUSED || os_error == 0 ? "nobody listens there" : strerror((int)os_error);
}

/* A node that has taken away the key of the authority that this replica trusts shows it nothing that it could follow.
 */
static const char *stranger_remedy(const struct post *p, char text[REMEDY_SIZE]) {
  struct hash id;
  if (cert_authority_key_id(p->settings->ca, &id) != OK)
    return "do not go on; ask the administrator of the node";
  snprintf(text, REMEDY_SIZE,
           "do not go on; ask the node's administrator: if the authority was changed and the key of the one before "
           "taken away, authority-%.16s.key goes back into the node's folder, and then: cairnd rotate tls; where it "
           "is lost, this machine joins anew: cairn machine leave, and an invitation",
           hash_hex(&id).s);
  return text;
}

static enum err transport_failed(const struct post *p, CURLcode code) {
  char stranger[REMEDY_SIZE];
  const char *words = curl_easy_strerror(code), *remedy = "";
  if (code == CURLE_WRITE_ERROR && buf_err(&p->answer) != OK)
    return not_ours(p, "it is larger than an answer may be");
  if (code == CURLE_COULDNT_CONNECT) {
    words = connect_words(p);
    remedy = "look whether this computer has a network, whether the node runs, and at its address and port";
  }
  for (size_t i = 0; i < sizeof failures / sizeof *failures; i++) {
    if (failures[i].code != code)
      continue;
    const char *better = failures[i].tls ? tls_failure(p->tls) : NULL;
    words = better ? better : failures[i].words;
    remedy = failures[i].remedy;
    if (failures[i].tls && p->settings->ca.len && tls_met_a_stranger(p->tls))
      remedy = stranger_remedy(p, stranger);
  }
  return err_set_remedy(ERR_NETWORK, remedy, "the node at '%s', port %u, could not be reached: %s", p->settings->host,
                        p->settings->port, words);
}

static bool is_media(const struct post *p, const char *media) {
  char *type = NULL;
  size_t n = strlen(media);
  curl_easy_getinfo(p->curl, CURLINFO_CONTENT_TYPE, &type);
  return type != NULL && strncasecmp(type, media, n) == 0 && (type[n] == '\0' || type[n] == ';');
}

/* The one line that the node gave as its reason; no bytes if it gave none that may be shown. */
static struct bytes reason(const struct post *p) {
  struct bytes text = buf_bytes(&p->answer), line;
  if (!is_media(p, "text/plain") || !text_split(&text, '\n', &line) || line.len > WORDS_MAX || !text_is_plain(line))
    return bytes_of(NULL, 0);
  return line;
}

static enum err judge(const struct post *p, long status) {
  char other[64];
  for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
    if (statuses[i].status != status)
      continue;
    struct bytes line = reason(p);
    if (statuses[i].err != OK && line.len > 0)
      return err_set(statuses[i].err, "%.*s", (int)line.len, (const char *)line.at);
    if (statuses[i].err != OK)
      return err_set(statuses[i].err, "%s", statuses[i].words);
    return is_media(p, "application/cairn") || is_media(p, ZIP_MEDIA) ? OK : not_ours(p, "it has another media type");
  }
  snprintf(other, sizeof other, status / 100 == 3 ? "it redirects elsewhere (%ld)" : "it has the status %ld", status);
  return not_ours(p, other);
}

static size_t on_body(char *at, size_t size, size_t count, void *of) {
  struct post *p = of;
  buf_add(&p->answer, bytes_of(at, size * count));
  return buf_err(&p->answer) == OK ? size * count : 0;
}

static CURLcode on_context(CURL *curl, void *ssl_ctx, void *of) {
  struct post *p = of;
  (void)curl;
  p->tls_err = tls_equip(p->tls, ssl_ctx);
  return p->tls_err == OK ? CURLE_OK : CURLE_ABORTED_BY_CALLBACK;
}

/* The parts of the address are set one by one, so that nothing in a host's name can be taken for anything else. */
static enum err make_url(const struct client_settings *s, const char *path, CURLU **out) {
  char port[8], host[300];
  bool six = strchr(s->host, ':') != NULL;
  int n = snprintf(host, sizeof host, six ? "[%s]" : "%s", s->host);
  snprintf(port, sizeof port, "%u", s->port);
  CURLU *u = curl_url();
  if (u == NULL || n < 0 || (size_t)n >= sizeof host || curl_url_set(u, CURLUPART_SCHEME, "https", 0) != CURLUE_OK ||
      curl_url_set(u, CURLUPART_HOST, host, 0) != CURLUE_OK || curl_url_set(u, CURLUPART_PORT, port, 0) != CURLUE_OK ||
      curl_url_set(u, CURLUPART_PATH, path, 0) != CURLUE_OK) {
    curl_url_cleanup(u);
    return err_set(ERR_NETWORK, "'%s' is not the name or address of a host", s->host);
  }
  *out = u;
  return OK;
}

/* Every option here narrows what libcurl would do by itself. */
static enum err set_options(struct post *p, CURLU *url, struct curl_slist *headers, struct bytes body) {
  const struct client_settings *s = p->settings;
  CURL *c = p->curl;
  CURLcode bad = CURLE_OK;
#define SET(option, value) bad = bad == CURLE_OK ? curl_easy_setopt(c, option, value) : bad
  SET(CURLOPT_CURLU, url);
  SET(CURLOPT_PROTOCOLS_STR, "https");
  SET(CURLOPT_FOLLOWLOCATION, 0L);
  SET(CURLOPT_PROXY, "");
  SET(CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
  SET(CURLOPT_NOSIGNAL, 1L);
  /* The connection is closed before libcurl returns, and so an alert that came while we were sending is heard. */
  SET(CURLOPT_FORBID_REUSE, 1L);
  SET(CURLOPT_CONNECTTIMEOUT, (long)CONNECT_S);
  SET(CURLOPT_TIMEOUT, s->timeout_s ? s->timeout_s : (long)REQUEST_S);
  SET(CURLOPT_CAINFO, NULL);
  SET(CURLOPT_CAPATH, NULL);
  SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_3);
  SET(CURLOPT_SSL_VERIFYPEER, 1L);
  SET(CURLOPT_SSL_VERIFYHOST, 2L);
  SET(CURLOPT_SSL_SESSIONID_CACHE, 0L);
  SET(CURLOPT_SSL_ENABLE_ALPN, 0L);
  SET(CURLOPT_SSL_CTX_FUNCTION, on_context);
  SET(CURLOPT_SSL_CTX_DATA, p);
  SET(CURLOPT_HTTPHEADER, headers);
  SET(CURLOPT_POST, 1L);
  SET(CURLOPT_POSTFIELDS, body.len ? (const char *)body.at : "");
  SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
  SET(CURLOPT_WRITEFUNCTION, on_body);
  SET(CURLOPT_WRITEDATA, p);
#undef SET
  return bad == CURLE_OK ? OK : err_set(ERR_IO, "libcurl cannot do what is needed: %s", curl_easy_strerror(bad));
}

static enum err perform(struct post *p, int *status_out) {
  long status = 0;
  moment_comes(MOMENT_REQUEST_MADE);
  CURLcode code = curl_easy_perform(p->curl);
  moment_comes(MOMENT_ANSWER_CAME);
  curl_easy_getinfo(p->curl, CURLINFO_RESPONSE_CODE, &status);
  if (status_out != NULL)
    *status_out = (int)status;
  if (p->tls_err != OK)
    return p->tls_err;
  return code == CURLE_OK ? judge(p, status) : transport_failed(p, code);
}

/* What the answer says, unpacked if it came packed; only to who asked for it. */
static enum err take_answer(const struct post *p, struct buf *out) {
  enum err e = OK;
  if (is_media(p, ZIP_MEDIA) && p->settings->is_packed)
    e = zip_unpack(buf_bytes(&p->answer), p->settings->answer_max, out);
  else if (is_media(p, ZIP_MEDIA))
    e = not_ours(p, "it is compressed, and was not to be");
  else
    buf_add(out, buf_bytes(&p->answer));
  return e == OK && buf_err(out) != OK ? err_set(ERR_LIMIT, "the answer is larger than it may be") : e;
}

/* The header lines of a request. NULL: no memory. */
static struct curl_slist *make_headers(bool is_body_packed, bool takes_packed) {
  struct curl_slist *first =
      curl_slist_append(NULL, is_body_packed ? "Content-Type: " ZIP_MEDIA : "Content-Type: application/cairn");
  struct curl_slist *last = first ? curl_slist_append(first, "Expect:") : NULL;
  if (last && takes_packed)
    last = curl_slist_append(last, "Accept: " ZIP_MEDIA);
  if (last == NULL)
    curl_slist_free_all(first);
  return last ? first : NULL;
}

enum err client_post(const struct client_settings *settings, const char *path, struct bytes body, struct buf *out,
                     int *status_out) {
  struct post p = {.settings = settings, .curl = curl_easy_init()};
  CURLU *url = NULL;
  struct buf packed = {0};
  bool is_packed = settings->is_packed && zip_pack(body, &packed);
  struct curl_slist *headers = make_headers(is_packed, settings->is_packed);
  buf_init(&p.answer, settings->answer_max);
  if (status_out != NULL)
    *status_out = 0;
  enum err e = p.curl && headers ? OK : err_set(ERR_IO, "libcurl cannot be set up");
  if (e == OK)
    e = tls_open(&(struct tls_settings){.side = TLS_REPLICA,
                                        .ca = settings->ca,
                                        .ca_print = settings->ca_print,
                                        .certificate = settings->certificate,
                                        .key = settings->key},
                 &p.tls);
  if (e == OK)
    e = make_url(settings, path, &url);
  if (e == OK)
    e = set_options(&p, url, headers, is_packed ? buf_bytes(&packed) : body);
  if (e == OK)
    e = perform(&p, status_out);
  if (e == OK)
    e = take_answer(&p, out);
  buf_release(&packed);
  curl_easy_cleanup(p.curl);
  curl_slist_free_all(headers);
  curl_url_cleanup(url);
  tls_close(p.tls);
  buf_release(&p.answer);
  return e;
}
